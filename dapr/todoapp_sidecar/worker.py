"""The loop that takes work when there is room for it and waits for a wakeup when there is none."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

from todoapp_sidecar.wakeups import Wakeups

__all__ = ["Supply", "Worker"]

IDLE_SECONDS = 60.0
AFTER_FAILURE_SECONDS = 1.0

log = logging.getLogger(__name__)

Work = TypeVar("Work")
Supply = tuple[Sequence[Work], float | None]
"""What could be taken; without any, the instant (seconds since the epoch) to look again, if known."""


class Worker(Generic[Work]):
    """Takes work and does it, up to `slots` pieces at a time.

    `take(room)` leases up to `room` pieces. `do` handles one and sees to its own failures. `wakeup` is
    the name that is notified when there may be more.
    """

    def __init__(
        self,
        *,
        take: Callable[[int], Awaitable[Supply[Work]]],
        do: Callable[[Work], Awaitable[None]],
        wakeups: Wakeups,
        wakeup: str,
        slots: int,
    ) -> None:
        self._take = take
        self._do = do
        self._wakeups = wakeups
        self._wakeup = wakeup
        self._slots = slots
        self._wake = asyncio.Event()
        self._stopping = False
        self._running: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Work until `stop`, then finish what was taken.

        Cancelling this abandons work under way: its leases run out, then it is done again.
        """
        try:
            with self._wakeups.listening(self._wakeup, self._wake):
                while not self._stopping:
                    self._wake.clear()
                    await self._wait(await self._start_due())
            if self._running:
                await asyncio.wait(self._running)
        finally:
            for task in self._running:
                task.cancel()

    def stop(self) -> None:
        self._stopping = True
        self._wake.set()

    async def _start_due(self) -> float:
        """Start what is due and there is room for; the seconds to wait for a wakeup after that."""
        room = self._slots - len(self._running)
        if not room:
            return IDLE_SECONDS
        try:
            pieces, due_at = await self._take(room)
        except Exception:
            log.exception(
                "Cannot take work from the state file; trying again.", extra={"wakeup": self._wakeup}
            )
            return AFTER_FAILURE_SECONDS
        for piece in pieces:
            task = asyncio.create_task(self._attempt(piece))
            self._running.add(task)
            task.add_done_callback(self._finished)
        if pieces:
            return 0
        return IDLE_SECONDS if due_at is None else min(max(due_at - time.time(), 0), IDLE_SECONDS)

    async def _wait(self, seconds: float) -> None:
        if seconds and not self._stopping:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._wake.wait()

    async def _attempt(self, piece: Work) -> None:
        try:
            await self._do(piece)
        except Exception:
            log.exception("Work failed; it is done again when its lease expires.")

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._wake.set()
