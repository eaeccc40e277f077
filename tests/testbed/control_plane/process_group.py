"""Processes that end together, and never outlive the process that started them."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from types import TracebackType

__all__ = ["ProcessGroup"]

# Its standard input is a pipe whose other end only we hold. However we end, the system closes it.
_GUARD = "import os, signal, sys; sys.stdin.buffer.read(); os.killpg(0, signal.SIGKILL)"


class ProcessGroup(AbstractContextManager["ProcessGroup"]):
    """At the end of the block all of its processes are killed. None is given time to finish its work."""

    def __init__(self) -> None:
        self._guard = subprocess.Popen(
            [sys.executable, "-IS", "-c", _GUARD],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=0,
        )
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self, command: Sequence[str], *, log: Path) -> subprocess.Popen[bytes]:
        """Start a process whose output is added to `log`."""
        with log.open("ab") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=self._guard.pid,
            )
        self._processes.append(process)
        return process

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._guard.pid, signal.SIGKILL)
        for process in (*self._processes, self._guard):
            process.wait()
