"""Waking the clients of this process when their user's data changed, and reading for all of them once."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from uuid import UUID

from prometheus_client import Gauge

from todoapp.kit.errors import TooManyRequests

__all__ = ["Follower", "Hub", "Told", "TooManySockets"]

LOOK_SECONDS = 15.0
"""How often a user's feed is read although nobody told of a change: a call may have been lost."""


class TooManySockets(TooManyRequests):
    code = "too-many-sockets"

    def __init__(self, most: int) -> None:
        super().__init__(f"You have {most} WebSockets open here, the most allowed; close one first.")


@dataclass(frozen=True)
class Told:
    """A change as it is sent."""

    seq: int
    entity: str
    message: str


Read = Callable[[UUID, int], Awaitable[Sequence[Told]]]
"""Reads a page of a user's changes after a number; an empty one says that there are none."""


class _Audience:
    """The sockets of one user in this process. Only the page that was read last is kept for them."""

    def __init__(self, user_id: UUID, read: Read) -> None:
        self.followers: set[Follower] = set()
        self._user_id = user_id
        self._read = read
        self._one_reads = asyncio.Lock()
        self._since = self._end = -1
        self._page: Sequence[Told] = ()
        self._read_at = 0.0

    async def changes_after(
        self, seq: int, *, known: int, check: Callable[[], Awaitable[object]]
    ) -> Sequence[Told]:
        async with self._one_reads:
            await check()
            if self._since <= seq < self._end:
                return [each for each in self._page if each.seq > seq]
            now = asyncio.get_running_loop().time()
            if seq == self._end and known <= seq and now - self._read_at < LOOK_SECONDS:
                return ()
            page = await self._read(self._user_id, seq)
            end = page[-1].seq if page else seq
            if end >= self._end:  # one who is behind must not take away what the others need
                self._since, self._end, self._page, self._read_at = seq, end, page, now
            return page


class Follower:
    """One client that waits for the next change."""

    def __init__(self, audience: _Audience) -> None:
        self._audience = audience
        self._newest = 0
        self._told = asyncio.Event()

    def tell(self, seq: int) -> None:
        self._newest = max(self._newest, seq)
        self._told.set()

    async def change_after(self, seq: int, *, at_most: float = LOOK_SECONDS) -> None:
        """Return when a change numbered above `seq` is known, or when `at_most` seconds have passed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(at_most):
                while self._newest <= seq:
                    self._told.clear()
                    await self._told.wait()

    async def changes_after(self, seq: int, *, check: Callable[[], Awaitable[object]]) -> Sequence[Told]:
        """The next page of changes, from the database unless another socket of the user read it just now.

        Args:
            check: raises if the client may listen no longer; called each time.
        """
        known = self._newest
        page = await self._audience.changes_after(seq, known=known, check=check)
        if not page and self._newest == known:
            self._newest = min(known, seq)  # a wrong number must not be asked for again and again
        return page


class Hub:
    """Who follows whose changes.

    It is told numbers only. The changes themselves are read from the database, so a number that comes
    twice, late or out of order does no harm. They are read once for all sockets of a user, and a slow
    client holds one page.
    """

    def __init__(self, clients: Gauge, read: Read, *, most: int) -> None:
        self._clients = clients
        self._read = read
        self._most = most
        self._audiences: dict[UUID, _Audience] = {}

    def tell(self, user_id: UUID, seq: int) -> None:
        """Let the user's followers know that there is a change of this number."""
        if audience := self._audiences.get(user_id):
            for follower in audience.followers:
                follower.tell(seq)

    @contextmanager
    def following(self, user_id: UUID) -> Iterator[Follower]:
        """
        Raises:
            TooManySockets
        """
        audience = self._audiences.get(user_id) or _Audience(user_id, self._read)
        if self._most and len(audience.followers) >= self._most:
            raise TooManySockets(self._most)
        follower = Follower(audience)
        self._audiences[user_id] = audience
        audience.followers.add(follower)
        self._clients.inc()
        try:
            yield follower
        finally:
            self._clients.dec()
            audience.followers.discard(follower)
            if not audience.followers and self._audiences.get(user_id) is audience:
                del self._audiences[user_id]
