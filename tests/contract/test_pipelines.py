"""The workflows are what GitHub accepts, trust nobody more than they must, and release what was checked."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

WORKFLOWS = sorted(Path(".github/workflows").glob("*.yml"))

# The first test on a machine builds the checker.
pytestmark = pytest.mark.timeout(func_only=True)


def jobs(workflow: Path) -> dict[str, Any]:
    return dict(yaml.safe_load(workflow.read_text())["jobs"])


def steps(workflow: Path) -> Iterator[dict[str, Any]]:
    for job in jobs(workflow).values():
        yield from job.get("steps", [])


def test_actionlint_finds_nothing(actionlint: Path) -> None:
    result = subprocess.run([actionlint, *WORKFLOWS], capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda file: file.stem)
def test_every_job_declares_its_permissions_and_time_limit(workflow: Path) -> None:
    document = yaml.safe_load(workflow.read_text())

    assert document["permissions"] == {"contents": "read"}
    assert all("timeout-minutes" in job or "uses" in job for job in document["jobs"].values())


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda file: file.stem)
def test_an_action_is_pinned_by_commit_with_its_version_beside(workflow: Path) -> None:
    used = re.findall(r"uses: (?!\./)(.+)$", workflow.read_text(), re.MULTILINE)

    assert used
    for action in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), action


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda file: file.stem)
def test_scripts_stop_at_the_first_failure_and_contain_no_expressions(workflow: Path) -> None:
    """Bash minds failures within a pipe; values come as variables, so that none becomes a command."""
    assert yaml.safe_load(workflow.read_text())["defaults"] == {"run": {"shell": "bash"}}
    assert [step["run"] for step in steps(workflow) if "${{" in step.get("run", "")] == []


def test_only_the_job_that_pushes_keeps_its_credentials() -> None:
    keeping = {
        name
        for workflow in WORKFLOWS
        for name, job in jobs(workflow).items()
        for step in job.get("steps", [])
        if "actions/checkout" in step.get("uses", "") and step["with"].get("persist-credentials", True)
    }

    assert keeping == {"deploy"}


def test_a_release_needs_all_checks_to_pass() -> None:
    released = jobs(Path(".github/workflows/release.yml"))

    assert released["check"]["uses"] == "./.github/workflows/ci.yml"
    assert released["supply-chain"]["uses"] == "./.github/workflows/supply-chain.yml"
    assert {"check", "supply-chain", "version"} <= set(released["digests"]["needs"])
    assert "digests" in released["images"]["needs"]
    assert all(
        "images" in job["needs"]
        for name, job in released.items()
        if name not in {"check", "supply-chain", "version", "digests", "images"}
    )


def test_libraries_are_audited_and_history_is_searched_for_secrets() -> None:
    document = yaml.safe_load(Path(".github/workflows/supply-chain.yml").read_text())
    [audit] = [step["run"] for step in document["jobs"]["audit"]["steps"] if "run" in step]
    [checkout, scan] = document["jobs"]["secrets"]["steps"]

    # YAML 1.1 reads the key `on` as true.
    assert {"push", "pull_request", "schedule"} <= document[True].keys()
    assert "uv audit --frozen" in audit.splitlines()
    assert scan["uses"].startswith("gitleaks/gitleaks-action@")
    assert checkout["with"]["fetch-depth"] == 0
