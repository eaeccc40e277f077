"""Publishing what was committed, in order, one relay at a time."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import groupby
from typing import Protocol
from uuid import UUID

from filelock import FileLock, Timeout
from sqlalchemy import Row, func, select, update

from todoapp.kit.database import Database, col
from todoapp.kit.outage import describe_outage, is_outage
from todoapp.messaging.event import Topic
from todoapp.messaging.outbox import OutboxEvent, UserChanges
from todoapp.messaging.sidecar import Message, SidecarError

__all__ = ["Publisher", "Relay", "Route", "pending_events"]

logger = logging.getLogger(__name__)

RELAY_LOCK = 0x746F646F  # "todo": the key of the advisory lock that all relays share
LOCK_RETRY_SECONDS = 0.02
FAILURE_PAUSE_SECONDS = 1.0
CALL_BYTES = 1 << 20  # a quarter of Dapr's limit for a request

Route = tuple[str, str]
"""A pub/sub component and the name of a topic in it."""

Pending = Row[int, UUID, str, str, str]
"""Of an event in the outbox: its number, id, topic, key and envelope."""


class Publisher(Protocol):
    async def publish(self, pubsub: str, topic: str, messages: Sequence[Message]) -> None: ...


class Relay:
    """Carries events from the outbox to the broker.

    Every process has one, and wakes it on its own commits. Which of them publishes is settled by
    a lock, because two at once could swap events with the same key. Delivery is at least once: a
    crash between publishing and marking publishes again, and `inbox.first_time` absorbs it.
    """

    def __init__(
        self,
        database: Database,
        publisher: Publisher,
        *,
        routes: Mapping[Topic, Route],
        batch_size: int,
        idle_seconds: float,
    ) -> None:
        self._database = database
        self._publisher = publisher
        self._routes = routes
        self._batch_size = batch_size
        self._idle_seconds = idle_seconds
        self._committed = asyncio.Event()

    def wake(self, _changes: UserChanges | None = None) -> None:
        """Publish soon: something was committed."""
        self._committed.set()

    async def run(self) -> None:
        """Publish until cancelled."""
        failing = False
        retry_seconds = LOCK_RETRY_SECONDS
        while True:
            self._committed.clear()
            try:
                drained = await self.publish_pending()
            except Exception as error:
                if not failing:
                    _log_failure(error)
                failing = True
                await asyncio.sleep(FAILURE_PAUSE_SECONDS)
                continue
            if failing and drained:
                logger.info("Publishing events again")
                failing = False
            if drained:
                retry_seconds = LOCK_RETRY_SECONDS
                await self._pause(self._idle_seconds)
            else:
                # The relay at work also publishes what this process commits, unless it has just looked for
                # the last time: asking at each commit would cost more than the commit.
                await asyncio.sleep(LOCK_RETRY_SECONDS)
                retry_seconds = min(2 * retry_seconds, self._idle_seconds)
                await self._pause(retry_seconds)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._committed.wait()
        except TimeoutError:
            return

    async def publish_pending(self) -> bool:
        """Publish until the outbox is empty.

        Returns:
            False when another relay was at work.

        Raises:
            SidecarError: what was not marked yet will be published again.
        """
        async with _relay_lock(self._database) as ours:
            if not ours:
                return False
            while batch := await self._next_batch():
                await self._publish(batch)
            return True

    async def _next_batch(self) -> Sequence[Pending]:
        pending = (
            select(
                col(OutboxEvent.seq),
                col(OutboxEvent.event_id),
                col(OutboxEvent.topic),
                col(OutboxEvent.key),
                col(OutboxEvent.event),
            )
            .where(col(OutboxEvent.published_at).is_(None))
            .order_by(col(OutboxEvent.seq))
            .limit(self._batch_size)
        )
        async with self._database.read() as session:
            return (await session.execute(pending)).all()

    async def _publish(self, batch: Sequence[Pending]) -> None:
        by_topic = sorted(batch, key=lambda event: event.topic)  # stable: in order within a topic
        for topic, events in groupby(by_topic, key=lambda event: event.topic):
            pubsub, name = self._routes[Topic(topic)]
            for call in _within_limit(events):
                await self._publish_call(pubsub, name, call)

    async def _publish_call(self, pubsub: str, topic: str, events: Sequence[Pending]) -> None:
        messages = [Message(str(event.event_id), event.key, event.event) for event in events]
        these = col(OutboxEvent.seq).in_([event.seq for event in events])
        attempt = update(OutboxEvent).where(these).values(attempts=col(OutboxEvent.attempts) + 1)
        try:
            await self._publisher.publish(pubsub, topic, messages)
        except SidecarError as error:
            async with self._database.write() as session:
                await session.execute(attempt.values(last_error=str(error)))
            raise
        async with self._database.write() as session:
            await session.execute(attempt.values(published_at=datetime.now(UTC), last_error=None))


def _log_failure(error: Exception) -> None:
    if isinstance(error, SidecarError):
        logger.warning("Cannot publish events; they stay in the outbox", extra={"error": str(error)})
    elif is_outage(error):
        logger.warning("Publishing events waits for the database", extra={"error": describe_outage(error)})
    else:
        logger.error("The relay failed; trying again", exc_info=error)


def _within_limit(events: Iterable[Pending]) -> Iterable[list[Pending]]:
    call: list[Pending] = []
    size = 0
    for event in events:
        event_bytes = len(event.event.encode())
        if call and size + event_bytes > CALL_BYTES:
            yield call
            call, size = [], 0
        call.append(event)
        size += event_bytes
    if call:
        yield call


async def pending_events(database: Database) -> int:
    """How many events wait to be published."""
    async with database.read() as session:
        waiting = select(func.count()).where(col(OutboxEvent.published_at).is_(None))
        return await session.scalar(waiting) or 0


@asynccontextmanager
async def _relay_lock(database: Database) -> AsyncIterator[bool]:
    """Hold the one lock of all relays; False when another has it. A dead holder's lock is free.

    PostgreSQL's advisory lock, or a lock on a file beside the SQLite database: SQLite's own write
    lock would keep every writer waiting for the broker.
    """
    if database.is_sqlite:
        lock = FileLock(f"{database.engine.url.database}.relay")
        try:
            lock.acquire(blocking=False)
        except Timeout:
            yield False
            return
        try:
            yield True
        finally:
            lock.release()
    else:
        async with database.engine.begin() as connection:
            yield bool(await connection.scalar(select(func.pg_try_advisory_xact_lock(RELAY_LOCK))))
