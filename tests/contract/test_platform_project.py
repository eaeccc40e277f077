"""Pulumi's own code understands the project's files, and finds the Python that make prepares."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from testbed.pulumi.program import PROGRAM, STACKS, as_the_engine_does

SDKS = {"pulumi", "pulumi-azure-native", "pulumi-gcp", "pulumi-kubernetes", "pulumi-oci", "pulumi-policy"}

# The first test on a machine builds Pulumi's code.
pytestmark = pytest.mark.timeout(func_only=True)


@pytest.fixture(scope="module")
def read(pulumi_project: Path) -> dict[str, Any]:
    """What Pulumi reads of the project on a machine that has no other program, such as uv."""
    answer = subprocess.run(
        [pulumi_project, PROGRAM, *STACKS], env={}, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


@pytest.mark.parametrize("stack", STACKS)
def test_a_stack_has_the_values_that_the_tests_use(stack: str, read: dict[str, Any]) -> None:
    values = as_the_engine_does(stack, {})

    assert values.keys() > read["stacks"][stack].keys() > {"todoapp:cluster"}
    assert values | read["stacks"][stack] == values


@pytest.mark.parametrize("what", ["packages", "policyPackages"], ids=["program", "policy"])
def test_pulumi_finds_the_sdks_in_the_virtual_environment(what: str, read: dict[str, Any]) -> None:
    assert set(read[what]) >= SDKS
