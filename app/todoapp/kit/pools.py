"""Long work of one kind, kept apart from all other kinds, and shared fairly among users."""

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import ParamSpec, TypeVar
from weakref import WeakValueDictionary

from todoapp.kit.errors import DomainError

__all__ = ["Places", "Pool", "SharedPool", "Turns"]

P = ParamSpec("P")
T = TypeVar("T")


class Pool:
    """A few threads for one kind of work, so that it waits for no other kind and delays none."""

    def __init__(self, name: str, size: int) -> None:
        self._threads = ThreadPoolExecutor(size, thread_name_prefix=name)

    async def run(self, work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Do the work in a thread. If the caller is cancelled, work that still waits is not begun."""
        bound = partial(work, *arguments, **named)
        return await asyncio.get_running_loop().run_in_executor(self._threads, bound)


class SharedPool(Pool):
    """A pool that does one piece of work of each user at a time, so that nobody takes all threads.

    The work itself has to be bounded: a thread cannot be stopped.
    """

    def __init__(self, name: str, size: int) -> None:
        super().__init__(name, size)
        self._turns: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()

    async def run_for(self, user: Hashable, work: Callable[[], T]) -> T:
        """Do the work in a thread, after the user's work before it."""
        turn = self._turns.setdefault(user, asyncio.Lock())
        async with turn:
            return await self.run(work)


@dataclass
class Turns:
    """Lets a few pieces of work of one kind go on at a time, in the order in which they ask."""

    at_once: int
    busy: Callable[[], DomainError]
    """Raised for work that has waited too long."""
    patience: float = 30.0
    """Seconds that work waits."""
    _free: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._free = asyncio.Semaphore(self.at_once)

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        """Work in the block.

        Raises:
            busy
        """
        try:
            async with asyncio.timeout(self.patience):
                await self._free.acquire()
        except TimeoutError as error:
            raise self.busy() from error
        try:
            yield
        finally:
            self._free.release()


@dataclass
class Places:
    """Lets each user in with one piece of work of one kind, which may wait for its client or its turn."""

    most: int
    busy: Callable[[], DomainError]
    """Raised when so many users are in."""
    running: Callable[[], DomainError]
    """Raised for a user's second piece."""
    users: set[Hashable] = field(default_factory=set)
    """Those who are in."""

    @contextmanager
    def taken_by(self, user: Hashable) -> Iterator[None]:
        """
        Raises:
            busy, running
        """
        if user in self.users:
            raise self.running()
        if len(self.users) >= self.most:
            raise self.busy()
        self.users.add(user)
        try:
            yield
        finally:
            self.users.discard(user)
