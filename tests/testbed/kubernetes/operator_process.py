"""The operator as a process of its own, against the test cluster."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from testbed.app.service_process import environment
from testbed.control_plane.cluster import Cluster
from testbed.kubernetes.objects import LEASE, NAMESPACE, Objects
from testbed.ports import free_port
from testbed.waiting import WAIT_TIMEOUT, wait_until

__all__ = [
    "OPERATOR_NAMESPACE",
    "OperatorProcess",
    "operator",
    "operator_namespace",
    "running_operator",
]

OPERATOR_NAMESPACE = "todoapp-system"
"""Where the Lease is: of all operators on the test cluster one is active at a time."""

STOP_SECONDS = 60


@dataclass
class OperatorProcess:
    """One `todoapp operate`, which can be ended and started again. `log` keeps the lines of all its lives."""

    kubeconfig: Path
    log: Path
    namespace: str = OPERATOR_NAMESPACE
    options: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; `wait_until_active` tells when it works."""
        command = [
            *(sys.executable, "-m", "todoapp_operator", "operate"),
            *("--port", str(self.port), "--namespace", self.namespace, *self.options),
        ]
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                command,
                env=environment({"KUBECONFIG": str(self.kubeconfig), "POD_NAME": self.log.stem}),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def stop(self) -> int:
        """End it with SIGTERM; the exit status."""
        process = self._started()
        process.terminate()
        return process.wait(timeout=STOP_SECONDS)

    def kill(self) -> None:
        """End it with SIGKILL, as a crash would."""
        process = self._started()
        process.kill()
        process.wait()

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def wait_until_active(self) -> None:
        """Wait until it is the active replica and its caches are filled."""
        wait_until(lambda: self.is_active and self.answers("/readyz"), what="it is active")

    @property
    def is_active(self) -> bool:
        return self.answers("/metrics") and self.metric("todoapp_operator_leader") == 1

    def answers(self, path: str) -> bool:
        """Whether a GET of this path succeeds."""
        assert self.is_running, f"the operator has ended:\n{self.log.read_text()}"
        try:
            return self._answer(path).is_success
        except httpx.TransportError:
            return False

    def metric(self, name: str, **labels: str) -> float:
        """The sum of all series of a metric that have these labels."""
        text = self._answer("/metrics").raise_for_status().text
        return sum(
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def lines(self) -> list[dict[str, Any]]:
        """Everything logged so far; a line that is not JSON is `{"message": …}`."""
        return [_parsed(line) for line in self.log.read_text().splitlines()]

    @property
    def usage(self) -> psutil.Process:
        """To ask for CPU time and memory."""
        return psutil.Process(self._started().pid)

    def _answer(self, path: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=WAIT_TIMEOUT)

    def _started(self) -> subprocess.Popen[bytes]:
        assert self.process is not None
        return self.process


def _parsed(line: str) -> dict[str, Any]:
    try:
        entry: dict[str, Any] = json.loads(line)
    except ValueError:
        return {"message": line}
    return entry


@contextmanager
def running_operator(
    kubeconfig: Path, log: Path, *options: str, namespace: str = OPERATOR_NAMESPACE
) -> Iterator[OperatorProcess]:
    """Run an operator until the end of the block, by a kubeconfig that says as whom."""
    operator = OperatorProcess(kubeconfig, log, namespace, options)
    operator.start()
    try:
        yield operator
    finally:
        if operator.is_running:
            operator.stop()  # one that is killed cannot write down which lines it ran


@pytest.fixture(scope="session")
def operator_namespace(objects: Objects) -> str:
    """The namespace of the operator's Lease is there."""
    objects.apply(
        NAMESPACE, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": OPERATOR_NAMESPACE}}
    )
    return OPERATOR_NAMESPACE


@pytest.fixture
def operator(
    cluster: Cluster, objects: Objects, definition: str, operator_namespace: str, tmp_path: Path
) -> Iterator[OperatorProcess]:
    """An active operator, acting as the administrator. It leaves no Lease that others would wait for."""
    with running_operator(cluster.connection.kubeconfig, tmp_path / "operator.log") as process:
        process.wait_until_active()
        yield process
    if objects.get(LEASE, "todoapp-operator", operator_namespace):
        objects.delete(LEASE, "todoapp-operator", operator_namespace)
