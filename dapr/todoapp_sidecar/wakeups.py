"""Waking the workers that wait for work."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

__all__ = ["Wakeups"]


class Wakeups:
    """Events by name: notifying a name wakes everything in this process that listens to it."""

    def __init__(self) -> None:
        self._listeners: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    @contextmanager
    def listening(self, name: str, event: asyncio.Event) -> Iterator[None]:
        """Set `event` whenever `name` is notified inside the block."""
        self._listeners[name].add(event)
        try:
            yield
        finally:
            self._listeners[name].discard(event)

    def notify(self, names: Iterable[str]) -> None:
        for name in names:
            for event in self._listeners.get(name, ()):
                event.set()

    def notify_all(self) -> None:
        self.notify(list(self._listeners))
