"""The workflows are what GitHub accepts, and a release takes the version that the project has."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

WORKFLOWS = sorted(Path(".github/workflows").glob("*.yml"))

# The first test on a machine builds the checker.
pytestmark = pytest.mark.timeout(120, func_only=True)


def jobs(workflow: Path) -> dict[str, Any]:
    return dict(yaml.safe_load(workflow.read_text())["jobs"])


def test_actionlint_finds_nothing(actionlint: Path) -> None:
    result = subprocess.run([actionlint, *WORKFLOWS], capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda file: file.stem)
def test_rights_are_given_job_by_job_and_time_is_limited(workflow: Path) -> None:
    document = yaml.safe_load(workflow.read_text())

    assert document["permissions"] == {"contents": "read"}
    assert all("timeout-minutes" in job or "uses" in job for job in document["jobs"].values())


def test_nothing_is_released_that_the_checks_have_not_passed() -> None:
    released = jobs(Path(".github/workflows/release.yml"))

    assert released["check"]["uses"] == "./.github/workflows/ci.yml"
    assert {"check", "version"} <= set(released["images"]["needs"])
    assert all(
        "images" in job["needs"]
        for name, job in released.items()
        if name not in {"check", "version", "images"}
    )
