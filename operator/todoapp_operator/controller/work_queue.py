"""A queue of keys with the semantics of client-go's workqueue.

A key waits in the queue once, however often it is added. One that is added while it is worked on waits
again when that work is done, so no change is missed and no key is ever worked on twice at a time.
https://pkg.go.dev/k8s.io/client-go/util/workqueue
"""

import asyncio
from collections.abc import Hashable
from typing import Generic, TypeVar

from todoapp_operator.kube.backoff import BackOff

__all__ = ["WorkQueue"]

Key = TypeVar("Key", bound=Hashable)


class WorkQueue(Generic[Key]):
    """For the tasks of one event loop."""

    def __init__(self, back_off: BackOff) -> None:
        self._back_off = back_off
        self._waiting: asyncio.Queue[Key] = asyncio.Queue()
        self._dirty: set[Key] = set()
        self._processing: set[Key] = set()
        self._failures: dict[Key, int] = {}
        self._later: dict[Key, asyncio.TimerHandle] = {}

    def __len__(self) -> int:
        """Keys that wait for a worker."""
        return self._waiting.qsize()

    def add(self, key: Key) -> None:
        """Have `key` worked on as soon as a worker is free."""
        self._cancel_later(key)
        if key in self._dirty:
            return
        self._dirty.add(key)
        if key not in self._processing:
            self._waiting.put_nowait(key)

    def add_after(self, key: Key, seconds: float) -> None:
        """Add `key` then, unless it is added before; of several times the earliest counts."""
        loop = asyncio.get_running_loop()
        at = loop.time() + seconds
        planned = self._later.get(key)
        if key in self._dirty or (planned and planned.when() <= at):
            return
        self._cancel_later(key)
        self._later[key] = loop.call_at(at, self.add, key)

    def retry(self, key: Key) -> float:
        """Add `key` after its back-off, which grows with each call until `succeeded`.

        Returns:
            The wait in seconds.
        """
        self._failures[key] = self._failures.get(key, 0) + 1
        wait = self._back_off.after(self._failures[key])
        self.add_after(key, wait)
        return wait

    def succeeded(self, key: Key) -> None:
        """Forget earlier failures of `key`."""
        self._failures.pop(key, None)

    async def get(self) -> Key:
        """The key that has waited longest. The caller calls `done` with it in any case."""
        key = await self._waiting.get()
        self._dirty.discard(key)
        self._processing.add(key)
        return key

    def done(self, key: Key) -> None:
        """End the work on `key`; it waits again if it was added during the work."""
        self._processing.remove(key)
        if key in self._dirty:
            self._waiting.put_nowait(key)

    def close(self) -> None:
        """Forget what was planned for later."""
        for handle in self._later.values():
            handle.cancel()
        self._later.clear()

    def _cancel_later(self, key: Key) -> None:
        if handle := self._later.pop(key, None):
            handle.cancel()
