"""Waking the clients of this process when their user's data changed."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from uuid import UUID

from prometheus_client import Gauge

__all__ = ["Follower", "Hub"]


class Follower:
    """One client that waits for the next change."""

    def __init__(self) -> None:
        self._newest = 0
        self._told = asyncio.Event()

    def tell(self, seq: int) -> None:
        self._newest = max(self._newest, seq)
        self._told.set()

    async def change_after(self, seq: int, *, at_most: float) -> None:
        """Return when a change numbered above `seq` is known, or when `at_most` seconds have passed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(at_most):
                while self._newest <= seq:
                    self._told.clear()
                    await self._told.wait()


class Hub:
    """Who follows whose changes.

    It carries numbers only. The changes themselves are read from the database, so a number that
    comes twice, late or out of order does no harm, and a slow client costs no memory.
    """

    def __init__(self, clients: Gauge) -> None:
        self._clients = clients
        self._followers: defaultdict[UUID, set[Follower]] = defaultdict(set)

    def tell(self, user_id: UUID, seq: int) -> None:
        """Let the user's followers know that there is a change of this number."""
        for follower in self._followers.get(user_id, ()):
            follower.tell(seq)

    @contextmanager
    def following(self, user_id: UUID) -> Iterator[Follower]:
        follower = Follower()
        self._followers[user_id].add(follower)
        self._clients.inc()
        try:
            yield follower
        finally:
            self._clients.dec()
            self._followers[user_id].discard(follower)
            if not self._followers[user_id]:
                del self._followers[user_id]
