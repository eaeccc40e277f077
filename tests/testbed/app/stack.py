"""A whole TodoApp, started the way people start it."""

import os
import signal
import subprocess
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson
import psutil
import pytest

from testbed.ending import STOP_SECONDS
from testbed.ports import free_port
from testbed.postgresql import PostgreSQL
from testbed.waiting import wait_until

__all__ = ["READY_SECONDS", "Stack", "pytest_runtest_makereport", "running_stack", "stack", "todoapp_file"]

TODOAPPCTL = Path(".venv/bin/todoappctl")
LOG_TAIL_LINES = 60
READY_SECONDS = 180
"""With replicas, on a busy machine."""


@dataclass(frozen=True)
class Stack:
    """A running TodoApp: where it answers, where its state lies, and its processes by name."""

    url: str
    state: Path
    log: Path
    supervisor: int

    def pid(self, name: str) -> int:
        """The process that has a name now; after a restart it is another one."""
        return self._process(name)["pid"]

    def address(self, name: str) -> str:
        """Where one of the apis answers people."""
        return f"http://127.0.0.1:{self._process(name)['port']}"

    def inner_address(self, name: str) -> str:
        """Where one of the processes answers its sidecar and monitoring."""
        return f"http://127.0.0.1:{self._process(name)['inner_port']}"

    def kill(self, name: str) -> None:
        """End a process as a crash would, and wait until it is gone. The supervisor starts another one.

        Raises:
            psutil.NoSuchProcess: it has ended already.
        """
        victim = psutil.Process(self.pid(name))
        victim.kill()
        victim.wait(timeout=STOP_SECONDS)

    @contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """Freeze a process: it keeps its connections and answers nothing."""
        with _stopped(self.pid(name)):
            yield

    @contextmanager
    def dead(self, name: str) -> Iterator[None]:
        """Keep a process down: kill it, and freeze its supervisor so that it starts no other."""
        victim = psutil.Process(self.pid(name))
        with _stopped(self.supervisor):
            victim.kill()
            wait_until(lambda: victim.status() == psutil.STATUS_ZOMBIE, what=f"{name} is dead")
            yield

    def log_tail(self) -> str:
        return "\n".join(self.log.read_text().splitlines()[-LOG_TAIL_LINES:])

    def _process(self, name: str) -> dict[str, int]:
        processes = orjson.loads((self.state / "processes.json").read_bytes())
        found: dict[str, int] = next(each for each in processes if each["name"] == name)
        return found


@contextmanager
def _stopped(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextmanager
def running_stack(file: Path, directory: Path, *options: str) -> Iterator[Stack]:
    """Run `todoappctl run FILE`, with more options, until the end of the block.

    Raises:
        AssertionError: it did not get ready, or did not stop cleanly; the message holds its log.
    """
    port = free_port()
    log, state = directory / "log", directory / ".todoapp"
    command = [str(TODOAPPCTL), "run", str(file), "--state", str(state), "--port", str(port), *options]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
    running = Stack(f"http://127.0.0.1:{port}", state, log, process.pid)
    try:
        wait_until(
            lambda: process.poll() is not None or f"ready at {running.url}" in log.read_text(),
            what=f"{running.url} is ready",
            seconds=READY_SECONDS,
        )
        assert process.poll() is None, f"todoappctl ended with {process.returncode}:\n{running.log_tail()}"
        yield running
    finally:
        process.terminate()
        status = process.wait(timeout=STOP_SECONDS)
    assert status == 0, f"todoappctl ended with {status} after SIGTERM:\n{running.log_tail()}"


def todoapp_file(directory: Path, database_url: str) -> Path:
    """A TodoApp resource whose database is the given one, by way of a Secret in the same file."""
    file = directory / "todo.yaml"
    file.write_text(
        f"""\
apiVersion: v1
kind: Secret
metadata: {{name: todo-database}}
stringData:
  url: {database_url}
---
apiVersion: todoapp.dev/v1alpha1
kind: TodoApp
metadata: {{name: todo}}
spec:
  database:
    secretRef: {{name: todo-database, key: url}}
"""
    )
    return file


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def stack(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, group_parts: ExitStack
) -> Iterator[Stack]:
    """A running TodoApp, once on each kind of database, for all tests that only use it.

    What a test kills or freezes works again before the test ends.
    """
    directory = tmp_path_factory.mktemp(f"stack-{request.param}")
    with ExitStack() as parts:
        group_parts.callback(parts.close)
        file = Path("examples/todo.yaml")
        if request.param == "postgresql":
            server: PostgreSQL = request.getfixturevalue("postgresql")
            file = todoapp_file(directory, parts.enter_context(server.database()))
        yield parts.enter_context(running_stack(file, directory))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the log of its TodoApp with a failed test."""
    report = yield
    running = getattr(item, "funcargs", {}).get("stack")
    if report.failed and isinstance(running, Stack):
        report.sections.append(("the end of todoappctl's log", running.log_tail()))
    return report
