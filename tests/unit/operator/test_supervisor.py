import asyncio
import io
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from testbed.ending import STOP_SECONDS
from testbed.ports import free_port
from testbed.waiting import wait_until
from todoapp_operator.commands.run.console import Console
from todoapp_operator.commands.run.supervisor import Process, Running, run_to_end, supervise
from todoapp_operator.kube.backoff import BackOff

WAITS_FOR_SIGTERM = "import signal; print('up', flush=True); signal.sigwait([signal.SIGTERM])"
IGNORES_SIGTERM = (
    "import signal\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "print('up', flush=True)\n"
    "while True: signal.pause()"
)
CRASHES = "raise SystemExit(3)"


@dataclass
class Watched:
    """What a supervisor did so far."""

    out: io.StringIO = field(default_factory=io.StringIO)
    starts: list[Running] = field(default_factory=list)
    ready: bool = False
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def console(self) -> Console:
        return Console(self.out, colours=False)

    @property
    def lines(self) -> list[str]:
        return self.out.getvalue().splitlines()

    def started(self, latest: list[Running]) -> None:
        self.starts += [each for each in latest if each not in self.starts]

    def became_ready(self) -> None:
        self.ready = True

    async def until(self, condition: Callable[[], bool]) -> None:
        await asyncio.to_thread(wait_until, condition, what="what the test waits for")


@asynccontextmanager
async def supervised(
    *processes: Process, back_off: BackOff | None = None, stable_seconds: float = 3600
) -> AsyncIterator[Watched]:
    watched = Watched()
    running = asyncio.create_task(
        supervise(
            processes,
            watched.console,
            stop=watched.stop,
            on_ready=watched.became_ready,
            on_start=watched.started,
            back_off=back_off or BackOff(first=0.2, longest=10, jitter=0),
            stable_seconds=stable_seconds,
        )
    )
    try:
        yield watched
    finally:
        watched.stop.set()
        await running


def python(name: str, program: str, **rest: object) -> Process:
    return Process(name, (sys.executable, "-c", program), {"PATH": os.environ["PATH"]}, **rest)  # type: ignore[arg-type]


async def test_a_crashing_process_is_restarted_repeatedly() -> None:
    # On a busy machine even a program that crashes may run for some seconds.
    back_off = BackOff(first=0.01, longest=0.04, jitter=0)

    async with supervised(python("api", CRASHES), back_off=back_off) as watched:
        await watched.until(lambda: len(watched.lines) >= 4)

    assert all("ended with exit code 3; it starts again" in line for line in watched.lines)
    waits = [line.rpartition(" in ")[2] for line in watched.lines]
    assert waits[:4] == ["0.01 s", "0.02 s", "0.04 s", "0.04 s"]
    assert len({running.pid for running in watched.starts}) == len(watched.starts)


async def test_a_stable_process_is_restarted_after_the_first_delay() -> None:
    back_off = BackOff(first=0.01, longest=0.04, jitter=0)

    async with supervised(python("api", CRASHES), back_off=back_off, stable_seconds=0) as watched:
        await watched.until(lambda: len(watched.starts) >= 3)

    assert {line.rpartition(" in ")[2] for line in watched.lines} == {"0.01 s"}


async def test_a_killed_process_is_restarted_and_others_keep_running() -> None:
    async with supervised(python("api", WAITS_FOR_SIGTERM), python("relay", WAITS_FOR_SIGTERM)) as watched:
        await watched.until(lambda: len(watched.starts) == 2)
        os.kill(watched.starts[0].pid, signal.SIGKILL)
        await watched.until(lambda: len(watched.starts) == 3)

    assert [each.name for each in watched.starts] == ["api", "relay", "api"]
    assert any("ended by SIGKILL; it starts again" in line for line in watched.lines)


async def test_stopping_ends_every_process_without_restart_messages() -> None:
    async with supervised(python("api", WAITS_FOR_SIGTERM), python("relay", WAITS_FOR_SIGTERM)) as watched:
        await watched.until(lambda: len(watched.lines) == 2)

    assert not any(psutil.pid_exists(each.pid) for each in watched.starts)
    assert not any("ended" in line for line in watched.lines)


async def test_a_process_that_ignores_sigterm_is_killed() -> None:
    async with supervised(python("api", IGNORES_SIGTERM)) as watched:
        await watched.until(lambda: len(watched.lines) == 1)

    assert not psutil.pid_exists(watched.starts[0].pid)


async def test_child_processes_end_with_their_process() -> None:
    program = (
        "import signal, subprocess, sys\n"
        f"command = [sys.executable, '-c', {WAITS_FOR_SIGTERM!r}]\n"
        "child = subprocess.Popen(command, stdout=subprocess.DEVNULL)\n"
        "print(child.pid, flush=True)\n"
        "signal.pause()"
    )
    async with supervised(python("api", program)) as watched:
        await watched.until(lambda: bool(watched.lines))
        grandchild = psutil.Process(int(watched.lines[0].split()[-1]))

    await watched.until(lambda: has_ended(grandchild))


async def test_readiness_is_reported_when_every_process_answers() -> None:
    port = free_port()
    serves = (
        "from http.server import HTTPServer, SimpleHTTPRequestHandler\n"
        f"HTTPServer(('127.0.0.1', {port}), SimpleHTTPRequestHandler).serve_forever()"
    )

    async with supervised(
        python("api", serves, port=port, ready_path="/"), python("relay", WAITS_FOR_SIGTERM)
    ) as watched:
        await watched.until(lambda: watched.ready)

        assert watched.starts[0] == Running("api", watched.starts[0].pid, port)


async def test_a_process_gets_its_environment_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TODOAPP_DATABASE_URL", "postgresql://elsewhere")
    prints = "import os; print(sorted(os.environ.keys() - {'LC_CTYPE'}))"
    watched = Watched()

    code = await run_to_end(
        Process("api", (sys.executable, "-c", prints), {"TODOAPP_PORT": "8000"}),
        watched.console,
        stop=watched.stop,
    )

    assert code == 0
    assert watched.lines[0].endswith("['TODOAPP_PORT']")


async def test_a_run_to_the_end_is_cut_short_by_stop() -> None:
    watched = Watched()
    running = asyncio.create_task(
        run_to_end(python("migrate", WAITS_FOR_SIGTERM), watched.console, stop=watched.stop)
    )
    await watched.until(lambda: len(watched.lines) == 1)

    watched.stop.set()

    assert await running in (0, -signal.SIGTERM)


async def test_an_overlong_line_is_skipped_and_the_next_shown() -> None:
    watched = Watched()

    await run_to_end(
        python("api", "print('x' * 3_000_000); print('short')"), watched.console, stop=watched.stop
    )

    assert "more than 1048576 bytes" in watched.lines[0]
    assert watched.lines[-1].endswith("api  short")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_supervisor_and_processes(tmp_path: Path, number: signal.Signals) -> None:
    with supervisor_of(WAITS_FOR_SIGTERM, tmp_path) as (supervisor, child):
        supervisor.send_signal(number)

        assert supervisor.wait(timeout=STOP_SECONDS) == 0
        assert has_ended(child)


def test_processes_die_with_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    with supervisor_of(IGNORES_SIGTERM, tmp_path) as (supervisor, child):
        supervisor.kill()

        wait_until(lambda: has_ended(child), what="the child of the killed supervisor has ended")


@contextmanager
def supervisor_of(program: str, folder: Path) -> Iterator[tuple[subprocess.Popen[str], psutil.Process]]:
    """A supervisor in a process of its own, and the child that it runs, which is up."""
    file = folder / "supervisor.py"
    file.write_text(
        "import asyncio, os, sys\n"
        "from todoapp_operator.commands.run.console import Console\n"
        "from todoapp_operator.commands.run.supervisor import Process, stop_signals, supervise\n"
        f"process = Process('api', (sys.executable, '-c', {program!r}), dict(os.environ))\n"
        "async def main() -> None:\n"
        "    await supervise([process], Console(sys.stdout, colours=False), stop=stop_signals(),\n"
        "        on_ready=lambda: None, on_start=lambda latest: print(latest[0].pid, flush=True))\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen([sys.executable, file], stdout=subprocess.PIPE, text=True) as supervisor:
        try:
            assert supervisor.stdout is not None
            child = psutil.Process(int(supervisor.stdout.readline()))
            assert supervisor.stdout.readline().endswith("up\n")
            yield supervisor, child
        finally:
            supervisor.kill()


def has_ended(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.status() == psutil.STATUS_ZOMBIE
    return True
