"""Dapr itself, built from its Go module: sidecar, scheduler, and what its injector makes of a pod."""

import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path

import httpx
import orjson
import pytest

from testbed.control_plane.artifacts.cache import Report
from testbed.control_plane.artifacts.go_modules import GoTool
from testbed.ending import end
from testbed.kubernetes.tools import PINS
from testbed.ports import free_port
from testbed.waiting import WAIT_TIMEOUT, wait_until
from todoapp_operator.kube.manifest import Manifest

__all__ = ["DAPRD", "INJECTOR", "SCHEDULER", "dapr", "injected", "running_daprd"]

_VERSION = "-X github.com/dapr/dapr/pkg/buildinfo.version={version}"

DAPRD = GoTool(
    "daprd",
    module="github.com/dapr/dapr",
    package=".",
    pinned_by=PINS / "daprd",
    cpu_minutes=5,
    linker_flags=_VERSION,
)
SCHEDULER = GoTool(
    "scheduler",
    module="github.com/dapr/dapr",
    package="github.com/dapr/dapr/cmd/scheduler",
    pinned_by=PINS / "daprd",
    cpu_minutes=0.6,
    linker_flags=_VERSION,
)
INJECTOR = GoTool(
    "injector",
    module="github.com/dapr/dapr",
    package="./injector",
    pinned_by=PINS / "daprd",
    cpu_minutes=0.2,
)


@pytest.fixture(scope="session")
def dapr(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of programs like the one that `dapr init --slim` fills."""
    folder = tmp_path_factory.mktemp("dapr")
    for tool in (DAPRD, SCHEDULER):
        (folder / tool.name).symlink_to(tool.built(report))
    return folder


@pytest.fixture(scope="session")
def injected(report: Report) -> Callable[[Manifest], Manifest]:
    """Gives a pod its sidecar, as Dapr's injector does on a cluster."""
    injector = INJECTOR.built(report)

    def patch(pod: Manifest) -> Manifest:
        done = subprocess.run([injector], input=orjson.dumps(pod), capture_output=True, check=True)
        # A value that it does not understand would be a warning before the pod, and no JSON.
        patched: Manifest = orjson.loads(done.stdout)
        return patched

    return patch


@contextmanager
def running_daprd(
    command: Sequence[str], environment: Mapping[str, str], log: Path
) -> Iterator[httpx.Client]:
    """Run a sidecar until the end of the block, in the log's folder and on free ports.

    Yields:
        A client of its API, as soon as its components are loaded.

    Raises:
        AssertionError: it ended; the message holds its log.
    """
    http_port, grpc_port, internal_port, public_port = (free_port() for _ in range(4))
    listening = {
        "dapr-listen-addresses": "127.0.0.1",
        "dapr-http-port": http_port,
        "dapr-grpc-port": grpc_port,
        "dapr-internal-grpc-port": internal_port,
        "dapr-public-port": public_port,
        "enable-metrics": "false",
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, *(f"--{name}={value}" for name, value in listening.items())],
            cwd=log.parent,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    token = {"dapr-api-token": environment.get("DAPR_API_TOKEN", "")}
    try:
        with httpx.Client(
            base_url=f"http://127.0.0.1:{http_port}", headers=token, timeout=WAIT_TIMEOUT
        ) as client:

            def loaded() -> bool:
                assert process.poll() is None, f"daprd ended:\n{log.read_text()}"
                try:
                    return client.get("/v1.0/healthz/outbound").status_code == HTTPStatus.NO_CONTENT
                except httpx.TransportError:
                    return False

            wait_until(loaded, what="the sidecar has its components")
            yield client
    finally:
        end(process)
