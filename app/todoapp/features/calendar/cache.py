"""Calendars as they were read last: one that nobody changed is not written again."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID
from weakref import WeakValueDictionary

from cachetools import LRUCache

from todoapp.features.calendar.feed import CalendarWriter, Component
from todoapp.features.calendar.service import open_tasks
from todoapp.kit.database import Database
from todoapp.kit.errors import Unavailable
from todoapp.kit.pools import Pool, Turns
from todoapp.messaging.feed import current_seq

__all__ = ["Calendars", "WrittenCalendar"]

AT_ONCE = 2
"""Calendars that a process writes at a time: each holds a connection while it reads its tasks."""
MOST_BYTES = 32 << 20
"""Of all calendars that are kept."""
RETRY_AFTER = timedelta(seconds=5)

Key = tuple[UUID, tuple[Component, ...]]
"""Whose calendar it is, and what of the tasks it shows"""


@dataclass(frozen=True)
class WrittenCalendar:
    seq: int
    """The number of the user's newest change when its tasks were read."""
    content: bytes


class CalendarsBusy(Unavailable):
    code = "calendars-busy"

    def __init__(self) -> None:
        super().__init__(
            "Other calendars are being written; try again in a few seconds.", retry_after=RETRY_AFTER
        )


class Calendars:
    """The calendars of one process."""

    def __init__(self) -> None:
        self._threads = Pool("calendars", AT_ONCE)
        self._turns = Turns(AT_ONCE, CalendarsBusy)
        self._written: LRUCache[Key, WrittenCalendar] = LRUCache(
            MOST_BYTES, getsizeof=lambda each: len(each.content)
        )
        self._locks: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()

    async def read(
        self, database: Database, user_id: UUID, components: Sequence[Component], *, seq: int
    ) -> WrittenCalendar:
        """A user's calendar as it is since the change `seq`, or since a later one.

        Readers of one calendar wait for each other, so that it is written once.

        Raises:
            CalendarsBusy
        """
        key = user_id, tuple(components)
        async with self._locks.setdefault(user_id, asyncio.Lock()):
            known = self._written.get(key)
            if known is None or known.seq < seq:
                async with self._turns.taken():
                    known = await self._write(database, user_id, components)
                if len(known.content) <= MOST_BYTES:
                    self._written[key] = known
            return known

    async def _write(
        self, database: Database, user_id: UUID, components: Sequence[Component]
    ) -> WrittenCalendar:
        writer = CalendarWriter(components)
        async with database.snapshot() as session:
            seq = await current_seq(session, user_id)
            async with aclosing(open_tasks(session, user_id)) as pages:
                async for tasks, reminders in pages:
                    await self._threads.run(writer.add, tasks, reminders)
                    if writer.is_full:
                        break
        return WrittenCalendar(seq, await self._threads.run(writer.finished))
