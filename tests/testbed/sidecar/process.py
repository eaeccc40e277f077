"""The embedded sidecar as a process of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from testbed.ending import STOP_SECONDS, end
from testbed.ports import free_port
from testbed.waiting import WAIT_TIMEOUT, wait_until

__all__ = ["AppInstance", "SidecarProcess", "app_instance", "running_sidecar"]

COMMAND = Path(sys.executable).with_name("todoapp-sidecar")


@dataclass(frozen=True)
class AppInstance:
    """One `--app`: an app of the given id that listens on `port`."""

    id: str
    port: int
    http_port: int
    options: str = ""

    @property
    def argument(self) -> str:
        parts = [f"id={self.id}", f"app-port={self.port}", f"http-port={self.http_port}", self.options]
        return ",".join(part for part in parts if part)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    def get(self, path: str) -> httpx.Response:
        """Ask its sidecar, as the app would."""
        return httpx.get(self.url + path, timeout=WAIT_TIMEOUT)

    def post(self, path: str, body: object = None) -> httpx.Response:
        """Tell its sidecar something, as the app would."""
        return httpx.post(self.url + path, json=body, timeout=WAIT_TIMEOUT)


@dataclass(frozen=True)
class SidecarProcess:
    """A started sidecar; `log` is what it writes."""

    process: subprocess.Popen[bytes]
    apps: Sequence[AppInstance]
    log: Path

    def wait_until_ready(self) -> None:
        """Return when what every app subscribes to is heard.

        Raises:
            AssertionError: with what the sidecar logged.
        """
        for app in self.apps:
            wait_until(lambda: self._answers(app, "/v1.0/healthz"), what=f"{app.id} is served")  # noqa: B023

    def wait_until_listening(self) -> None:
        """Return when the API answers, whether or not the apps are there."""
        for app in self.apps:
            wait_until(lambda: self._answers(app, "/v1.0/healthz/outbound"), what=f"{app.id} has its API")  # noqa: B023

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """End it with SIGTERM; the exit status."""
        self.process.terminate()
        return self.process.wait(timeout=STOP_SECONDS)

    def _answers(self, app: AppInstance, path: str) -> bool:
        assert self.process.poll() is None, f"the sidecar ended:\n{self.log.read_text()}"
        try:
            return httpx.get(app.url + path).status_code == 204
        except httpx.TransportError:
            return False


@contextmanager
def running_sidecar(
    apps: Sequence[AppInstance],
    *,
    resources: Sequence[Path],
    state: Path,
    environment: Mapping[str, str] | None = None,
) -> Iterator[SidecarProcess]:
    """Run the sidecar for `apps` until the end of the block; the state file stays."""
    command = [str(COMMAND), "--state", str(state), "--log-level", "debug"]
    for path in resources:
        command += ["--resources-path", str(path)]
    for app in apps:
        command += ["--app", app.argument]
    log = state.with_name(f"sidecar-{apps[0].http_port}.log")
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
        )
    try:
        yield SidecarProcess(process, apps, log)
    finally:
        end(process)


def app_instance(app_id: str, port: int, options: str = "") -> AppInstance:
    """An app instance with an API port of its own."""
    return AppInstance(app_id, port, free_port(), options)
