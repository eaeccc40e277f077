"""Prometheus takes every alert and every query of a dashboard, and fires alerts when it should."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from todoapp_operator.render.monitoring.alerts import alerts
from todoapp_operator.render.monitoring.dashboards import dashboards
from todoapp_operator.resource.component import Component
from todoapp_operator.resource.spec import TodoApp

RUNBOOKS = Path("docs/runbooks")
APP = TodoApp.model_validate(
    {
        "metadata": {"name": "todo", "namespace": "home"},
        "spec": {"observability": {"alerts": True, "dashboards": True}},
    }
)

# The first test on a machine builds the tool.
pytestmark = pytest.mark.timeout(func_only=True)


def rules() -> dict[str, Any]:
    [resource] = alerts(APP)
    return {"groups": resource["spec"]["groups"]}


def check(promtool: Path, *arguments: str) -> str:
    answer = subprocess.run([promtool, *arguments], capture_output=True, text=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout


def written(folder: Path, name: str, content: dict[str, Any]) -> str:
    file = folder / name
    file.write_text(yaml.safe_dump(content))
    return str(file)


def test_prometheus_takes_every_alert(promtool: Path, tmp_path: Path) -> None:
    said = check(promtool, "check", "rules", "--lint-fatal", written(tmp_path, "rules.yaml", rules()))

    [group] = rules()["groups"]
    assert f"SUCCESS: {len(group['rules'])} rules found" in said


def test_prometheus_takes_every_query_of_a_dashboard(promtool: Path, tmp_path: Path) -> None:
    queries = [
        target["expr"]
        for config_map in dashboards(APP)
        for dashboard in config_map["data"].values()
        for panel in json.loads(dashboard)["panels"]
        for target in panel["targets"]
    ]
    recorded = [{"record": f"query_{number}", "expr": query} for number, query in enumerate(queries)]
    groups = {"groups": [{"name": "dashboards", "rules": recorded}]}

    said = check(promtool, "check", "rules", "--lint=none", written(tmp_path, "queries.yaml", groups))

    assert f"SUCCESS: {len(queries)} rules found" in said


def test_every_alert_links_to_its_runbook() -> None:
    [group] = rules()["groups"]

    assert {f"{rule['alert']}.md" for rule in group["rules"]} == {file.name for file in RUNBOOKS.iterdir()}


API = 'namespace="home",job="todo-api-inner",instance="a"'
REQUESTS = "todoapp_http_request_seconds_count"
BUCKETS = "todoapp_http_request_seconds_bucket"
LATENESS = "todoapp_reminder_lateness_seconds_bucket"

ALARMING = {
    "TodoAppRequestsFail": {
        f'{REQUESTS}{{{API},status="200"}}': "0+90x40",
        f'{REQUESTS}{{{API},status="500"}}': "0+10x40",
    },
    "TodoAppSlow": {
        f'{BUCKETS}{{{API},le="0.5"}}': "0+1x40",
        f'{BUCKETS}{{{API},le="5"}}': "0+100x40",
        f'{BUCKETS}{{{API},le="+Inf"}}': "0+100x40",
    },
    "TodoAppEventsWait": {f"todoapp_outbox_pending{{{API}}}": "500x40"},
    "TodoAppDeadLetters": {f'todoapp_deliveries_total{{{API},outcome="DEAD_LETTER"}}': "0+1x40"},
    "TodoAppProcessDown": {'up{namespace="home",job="todo-api-inner"}': "0x40"},
    "TodoAppRemindersLate": {
        f'{LATENESS}{{{API},le="30"}}': "0+1x40",
        f'{LATENESS}{{{API},le="300"}}': "0+100x40",
        f'{LATENESS}{{{API},le="+Inf"}}': "0+100x40",
    },
}
HEALTHY = {
    **{f'up{{namespace="home",job="todo-{each}-inner"}}': "1x40" for each in Component},
    f'{REQUESTS}{{{API},status="200"}}': "0+100x40",
    f'{BUCKETS}{{{API},le="0.5"}}': "0+100x40",
    f'{BUCKETS}{{{API},le="+Inf"}}': "0+100x40",
    f"todoapp_outbox_pending{{{API}}}": "3x40",
    f'todoapp_deliveries_total{{{API},outcome="SUCCESS"}}': "0+100x40",
}
"""Forty minutes of an installation without trouble, in promtool's notation."""


@pytest.mark.parametrize("alert", ALARMING)
def test_an_alert_fires_when_it_should_and_no_other_does(alert: str, promtool: Path, tmp_path: Path) -> None:
    assert firing(promtool, tmp_path, HEALTHY | ALARMING[alert], {alert})


def test_no_alert_fires_on_a_healthy_system(promtool: Path, tmp_path: Path) -> None:
    assert firing(promtool, tmp_path, HEALTHY, set())


def firing(promtool: Path, folder: Path, series: dict[str, str], expected: set[str]) -> bool:
    """Whether exactly these alerts fire in the end, by Prometheus' own evaluation."""
    alarms = [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in sorted(expected)]
    test = {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [
            {
                "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
                "eval_time": "35m",
                "exp_samples": alarms,
            }
        ],
    }
    rule_files = [written(folder, "rules.yaml", rules())]
    suite = {"rule_files": rule_files, "evaluation_interval": "1m", "tests": [test]}
    return "SUCCESS" in check(promtool, "test", "rules", written(folder, "test.yaml", suite))
