"""The pages about the operator say what its code does."""

import inspect
import re
from pathlib import Path

from prometheus_client.metrics import MetricWrapperBase

from todoapp_operator import metrics
from todoapp_operator.cli import operate_command
from todoapp_operator.commands.network_page import network_page
from todoapp_operator.commands.reference import reference
from todoapp_operator.reconcile.conditions import ConditionType, Reason

CONDITIONS = Path("docs/conditions.md").read_text()
OPERATOR = Path("docs/operator.md").read_text()


def test_every_reason_has_its_own_paragraph_and_no_other_has() -> None:
    explained = re.findall(r"^### (\w+)$", CONDITIONS, re.MULTILINE)

    assert sorted(explained) == sorted(Reason)


def test_every_type_of_condition_is_in_the_table() -> None:
    assert re.findall(r"^\| `(\w+)` \|", CONDITIONS, re.MULTILINE) == list(ConditionType)


def test_every_test_that_shows_a_capability_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", Path("docs/capability-levels.md").read_text()))
    tests = "\n".join(file.read_text() for file in Path("tests").rglob("test_*.py"))

    assert named
    assert named - set(re.findall(r"def (test_\w+)\(", tests)) == set()


def test_every_metric_of_the_operator_is_in_the_table() -> None:
    registered = [each for each in vars(metrics).values() if isinstance(each, MetricWrapperBase)]
    measured = {family.name for metric in registered for family in metric.describe()}

    assert set(re.findall(r"^\| `(todoapp_operator_\w+)` \|", OPERATOR, re.MULTILINE)) == measured


def test_every_option_of_operate_is_in_the_table() -> None:
    options = {f"--{name.replace('_', '-')}" for name in inspect.signature(operate_command).parameters}

    assert set(re.findall(r"^\| `(--[a-z-]+)` \|", OPERATOR, re.MULTILINE)) == options


def test_reference_lists_the_fields_as_they_are() -> None:
    assert Path("docs/todoapp-reference.md").read_text() == reference(), "`make generated` writes it"


def test_diagram_of_connections_is_the_one_of_the_policies() -> None:
    assert Path("docs/network.md").read_text() == network_page(), "`make generated` writes it"
