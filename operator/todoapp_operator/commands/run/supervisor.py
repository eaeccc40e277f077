"""Keeps a set of processes running until it is told to stop."""

import asyncio
import contextlib
import http.client
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from todoapp_operator.commands.run.console import Console
from todoapp_operator.kube.backoff import BackOff

__all__ = ["Process", "Running", "run_to_end", "stop_signals", "supervise"]

STOP_SECONDS = 4.0
"""From SIGTERM to SIGKILL."""

_PARENT_WATCH = str(Path(__file__).with_name("parent_watch.py"))
_PROBE_SECONDS = 0.05
_BACK_OFF = BackOff(first=0.2, longest=10, jitter=0)
_STABLE_SECONDS = 3.0
_LONGEST_LINE = 1 << 20


@dataclass(frozen=True)
class Process:
    """One program to keep running. It gets `environment` and nothing else of ours.

    It is ready once GET `ready_path` on its `port` of this machine answers 2xx; at once when there is none.
    `inner_port` is where its sidecar and monitoring call it.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    port: int | None = None
    ready_path: str | None = None
    inner_port: int | None = None


@dataclass(frozen=True)
class Running:
    name: str
    pid: int
    port: int | None
    inner_port: int | None = None


def stop_signals() -> asyncio.Event:
    """What SIGINT, SIGTERM and SIGHUP set from now on."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def supervise(
    processes: Sequence[Process],
    console: Console,
    *,
    stop: asyncio.Event,
    on_ready: Callable[[], None],
    on_start: Callable[[list[Running]], None],
    back_off: BackOff = _BACK_OFF,
    stable_seconds: float = _STABLE_SECONDS,
) -> None:
    """Run `processes`, each again whenever it ends, until `stop` is set; then stop them all.

    `on_ready` is called once, when every process has been ready; `on_start` at each start, with the
    latest start of every process. A process that ran for `stable_seconds` starts over with the first wait.
    Returns within five seconds of `stop`.
    """

    def started() -> None:
        on_start([child.latest for child in children if child.latest])

    async def announce() -> None:
        await asyncio.gather(*(_until_ready(process) for process in processes))
        on_ready()

    children = [_Child(process, console, started) for process in processes]
    async with asyncio.TaskGroup() as group:
        keeping = [group.create_task(child.keep_running(back_off, stable_seconds)) for child in children]
        announcing = group.create_task(announce())
        await stop.wait()
        announcing.cancel()
        for child in children:
            child.stop()
        await asyncio.wait(keeping, timeout=STOP_SECONDS)
        for child in children:
            child.signal(signal.SIGKILL)


async def run_to_end(process: Process, console: Console, *, stop: asyncio.Event) -> int:
    """Run `process` once, and stop it early when `stop` is set.

    Returns:
        Its exit code; negative, the number of the signal that ended it.
    """
    child = _Child(process, console, on_start=lambda: None)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(child.run_once())
        stopping = group.create_task(stop.wait())
        await asyncio.wait([running, stopping], return_when=asyncio.FIRST_COMPLETED)
        child.stop()
        await asyncio.wait([running], timeout=STOP_SECONDS)
        child.signal(signal.SIGKILL)
        stopping.cancel()
    return running.result()


class _Child:
    """A process, in a process group of its own, so that Ctrl-C reaches it through us only."""

    def __init__(self, process: Process, console: Console, on_start: Callable[[], None]) -> None:
        self.latest: Running | None = None
        self._process = process
        self._console = console
        self._on_start = on_start
        self._pid: int | None = None
        self._stopped = asyncio.Event()

    async def keep_running(self, back_off: BackOff, stable_seconds: float) -> None:
        clock = asyncio.get_running_loop().time
        failures = 0
        while not self._stopped.is_set():
            started = clock()
            code = await self.run_once()
            if self._stopped.is_set():
                return
            failures = 1 if clock() - started >= stable_seconds else failures + 1
            delay = back_off.after(failures)
            self._note(f"ended {_reason(code)}; it starts again in {delay:g} s")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), delay)

    async def run_once(self) -> int:
        """Run the process to its end and return its exit code."""
        process = self._process
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-IS", _PARENT_WATCH, str(os.getpid()), *process.command),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=process.environment,
            process_group=0,
            limit=_LONGEST_LINE,
        )
        relaying = asyncio.create_task(self._relay(cast(asyncio.StreamReader, child.stdout)))
        self._pid = child.pid
        self.latest = Running(process.name, child.pid, process.port, process.inner_port)
        self._on_start()
        if self._stopped.is_set():
            self.signal(signal.SIGTERM)
        try:
            return await child.wait()
        finally:
            # What the process itself started must not outlive it, nor hold its output open.
            self.signal(signal.SIGKILL)
            self._pid = None
            await relaying

    def stop(self) -> None:
        self._stopped.set()
        self.signal(signal.SIGTERM)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process and to all that it started."""
        if self._pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._pid, number)

    async def _relay(self, output: asyncio.StreamReader) -> None:
        while True:
            try:
                line = await output.readline()
            except ValueError:
                self._note(f"wrote a line of more than {_LONGEST_LINE} bytes, which is left out")
                continue
            if not line:
                return
            self._console.relay(self._process.name, line.decode(errors="replace").rstrip())

    def _note(self, sentence: str) -> None:
        self._console.note(self._process.name, sentence, level="WARNING")


async def _until_ready(process: Process) -> None:
    while process.port is not None and process.ready_path is not None:
        if await asyncio.to_thread(_answers, process.port, process.ready_path):
            return
        await asyncio.sleep(_PROBE_SECONDS)


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path)
        return 200 <= connection.getresponse().status < 300
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _reason(code: int) -> str:
    return f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
