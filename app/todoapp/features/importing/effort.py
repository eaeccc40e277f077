"""What reading a file may cost."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import thread_time

from todoapp.features.importing.errors import UnreadableFile

__all__ = ["MOST_SECONDS", "Effort", "Stopped"]

MOST_SECONDS = 60.0
"""Seconds of processor time for one file; 5,000 ordinary entries take a few."""


class Stopped(Exception):
    """Nobody waits any more for what is read."""


class Effort:
    """Counts what reading one file costs. A reader reports each step, and stops between two of them."""

    def __init__(self, most: float = MOST_SECONDS, clock: Callable[[], float] = thread_time) -> None:
        self._most = most
        self._clock = clock
        self._began: float | None = None
        self._stopped = False

    def step(self) -> None:
        """Go on, unless that is too much.

        Raises:
            UnreadableFile: the file takes too long.
            Stopped
        """
        if self._stopped:
            raise Stopped
        now = self._clock()  # of the thread that reads
        if self._began is None:
            self._began = now
        if now - self._began > self._most:
            raise UnreadableFile("Reading the file takes too long; split it into smaller ones.")

    @contextmanager
    def until_left(self) -> Iterator[None]:
        """Stop the reader, which may be in another thread, when the block is left early."""
        try:
            yield
        finally:
            self._stopped = True
