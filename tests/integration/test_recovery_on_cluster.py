"""The commands of the pages for bad days do what they say, on a real API server with the operator at work.

What they run inside of pods is left out: here pods only pretend to run.
"""

import os
import re
import subprocess
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from testbed.control_plane.cluster import Cluster
from testbed.kubernetes.installations import ELSEWHERE, Installation
from testbed.kubernetes.objects import POD, kind_named
from todoapp_operator.kube.kinds import Kind

pytestmark = pytest.mark.usefixtures("installed_operator")

AUTOSCALER, DEPLOYMENT, JOB = (kind_named(name) for name in ("HorizontalPodAutoscaler", "Deployment", "Job"))
AUTOSCALED: dict[str, Any] = ELSEWHERE | {
    "api": {"autoscaling": {"minReplicas": 2, "maxReplicas": 4, "cpu": 70}},
    "recurrence": {"replicas": 2},
}
SCRIPT = re.compile(r"^( *)```sh\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
IN_A_POD = re.compile(r"^(?:primary=|kubectl .* exec )(?:.*\\\n)*.*\n", re.MULTILINE)


class Terminal:
    """A shell with kubectl. The page's namespace is that of the test."""

    def __init__(self, kubectl: Path, cluster: Cluster, namespace: str) -> None:
        self._namespace = namespace
        self._environment = {
            **os.environ,
            "KUBECONFIG": str(cluster.connection.kubeconfig),
            "PATH": f"{kubectl.parent}:{os.environ['PATH']}",
        }

    def paste(self, script: str) -> None:
        commands = IN_A_POD.sub("", script).replace("--namespace todo ", f"--namespace {self._namespace} ")
        done = subprocess.run(
            ["bash", "-ec", commands],
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, done.stdout


@pytest.fixture
def terminal(kubectl: Path, cluster: Cluster, namespace: str) -> Terminal:
    return Terminal(kubectl, cluster, namespace)


def scripts(page: str, heading: str) -> list[str]:
    """What a section of a page has people paste."""
    text = Path("docs", page).read_text()
    [section] = re.findall(rf"^## {heading}$(.*?)(?=^## )", text, re.MULTILINE | re.DOTALL)
    return [dedent(script) for _, script in SCRIPT.findall(section)]


def replicas(installation: Installation) -> set[int]:
    return {each["spec"]["replicas"] for each in installation.of_kind(DEPLOYMENT)}


def identifiers(kind: Kind, installation: Installation) -> set[str]:
    return {each["metadata"]["uid"] for each in installation.of_kind(kind)}


def test_a_restore_stops_everything_and_starts_it_after_a_migration(
    installation: Installation, terminal: Terminal
) -> None:
    stop, *_, start = scripts("disaster-recovery.md", "Restore the database")
    installation.install(AUTOSCALED)
    installation.wait_until_ready()
    migrated = identifiers(JOB, installation)

    terminal.paste(stop)
    stopped = replicas(installation), identifiers(AUTOSCALER, installation)
    running = {
        each["metadata"]["labels"].get("todoapp.dev/component")
        for each in installation.objects.list(POD, **{"todoapp.dev/namespace": installation.namespace})
    }
    terminal.paste(start)
    installation.wait_until_ready()

    assert stopped == ({0}, set())
    assert running <= {"migration"}
    assert identifiers(JOB, installation).isdisjoint(migrated)
    assert len(identifiers(AUTOSCALER, installation)) == 1
    assert 0 not in replicas(installation)


def test_a_roll_back_of_the_schema_starts_the_old_version(
    installation: Installation, terminal: Terminal
) -> None:
    stop, start = scripts("rollback.md", "A version of TodoApp")
    installation.install(AUTOSCALED)
    installation.wait_until_ready()
    installation.apply(AUTOSCALED | {"image": "example.com/todoapp:2"})
    installation.wait_until_ready()

    terminal.paste(stop)
    stopped = {
        each["metadata"]["name"]: each["spec"]["replicas"] for each in installation.of_kind(DEPLOYMENT)
    }
    installation.apply(AUTOSCALED)
    terminal.paste(start)
    installation.wait_until_ready()

    assert (stopped["todo-notification"], stopped["todo-recurrence"]) == (0, 0)
    assert stopped["todo-api"] > 0
    assert installation.resource()["status"]["version"] == "1"
    assert 0 not in replicas(installation)
