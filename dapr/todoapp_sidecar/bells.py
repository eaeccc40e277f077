"""Waking those who wait for work."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

__all__ = ["Bells"]


class Bells:
    """Events by name: a ring wakes everybody who hears that name in this process."""

    def __init__(self) -> None:
        self._hearing: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    @contextmanager
    def hearing(self, name: str, bell: asyncio.Event) -> Iterator[None]:
        """Set `bell` at every ring of `name` inside the block."""
        self._hearing[name].add(bell)
        try:
            yield
        finally:
            self._hearing[name].discard(bell)

    def ring(self, names: Iterable[str]) -> None:
        for name in names:
            for bell in self._hearing.get(name, ()):
                bell.set()

    def ring_all(self) -> None:
        self.ring(list(self._hearing))
