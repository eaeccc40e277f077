"""A service of the application as a process of its own, without a supervisor."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from testbed.ending import STOP_SECONDS, end
from testbed.ports import free_port
from testbed.waiting import wait_until

__all__ = ["JWT_SECRET", "SEALING_KEY", "ServiceProcess", "environment", "run_command", "running_service"]

SEALING_KEY = "another secret of these tests, 32 bytes and more"
JWT_SECRET = "a secret that only these tests know, 32 bytes and more"


@dataclass(frozen=True)
class ServiceProcess:
    """A started service; `log` is what it writes. The api alone has a `port` beside the inner one."""

    process: subprocess.Popen[bytes]
    port: int
    inner_port: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answer(self, path: str) -> httpx.Response | None:
        """Its answer now; None while it does not listen."""
        assert self.process.poll() is None, f"the service ended:\n{self.log.read_text()}"
        try:
            return httpx.get(self.url + path)
        except httpx.TransportError:
            return None

    def wait_for(self, status: int, path: str) -> httpx.Response:
        """Return the answer as soon as it has this status."""

        def expected() -> httpx.Response | None:
            answer = self.answer(path)
            return answer if answer is not None and answer.status_code == status else None

        return wait_until(expected, what=f"{path} answers {status}")

    def stop(self) -> int:
        """End it with SIGTERM; the exit status."""
        self.process.terminate()
        return self.process.wait(timeout=STOP_SECONDS)


@contextmanager
def running_service(
    name: str, directory: Path, *, wrapper: Sequence[str] = (), **variables: str
) -> Iterator[ServiceProcess]:
    """Run `todoapp NAME` until the end of the block, with these variables and no others of its own.

    `wrapper` is a command that runs the one that follows it.
    """
    inner_port = free_port()
    port = free_port() if name == "api" else inner_port
    always = {
        "TODOAPP_PORT": str(port),
        "TODOAPP_INNER_PORT": str(inner_port),
        "TODOAPP_TRUST_ANY_SIDECAR": "true",
        "TODOAPP_JWT_SECRET": JWT_SECRET,
        "TODOAPP_SEALING_KEY": SEALING_KEY,
    }
    log = directory / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*wrapper, *_command(name)],
            env=environment(always | variables),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield ServiceProcess(process, port, inner_port, log)
    finally:
        end(process)


def run_command(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `todoapp …` to its end."""
    return subprocess.run(
        _command(*arguments), env=environment(variables), capture_output=True, text=True, check=False
    )


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "todoapp", *arguments]


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Of this process's variables only those that a program needs to run and to be measured.

    An empty value leaves a variable out.
    """
    needed = {
        name: value for name, value in os.environ.items() if name == "PATH" or name.startswith("COVERAGE_")
    }
    return needed | {name: value for name, value in variables.items() if value}
