"""Changes of one user's data and the events that tell of them, in one transaction."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, Text, Uuid, column, insert, select, table, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field

from todoapp.kit.database import Base, BigSerial, Database, Instant, new_id, table_of
from todoapp.kit.telemetry import Trace
from todoapp.kit.usage import Counted, Usage
from todoapp.messaging.cloudevents import CloudEvent, wrap
from todoapp.messaging.event import Action, DataChanged, Event

__all__ = ["Origin", "Outbox", "OutboxEvent", "UnknownUser", "UserChanges", "usage_of"]

users = table(
    "users",
    column("id", Uuid),
    column("change_seq", BigInteger),
    *(column(what.column, BigInteger) for what in Counted),
)
"""Of an account, messaging knows only its counters: of changes, and of what has a limit."""
COUNTERS = [users.c[what.column].label(what.value) for what in Counted]


class OutboxEvent(Base, table=True):
    """An event that was committed; `published_at` says when the broker had it.

    Rows of the topic task-updates are also the user's feed of changes, numbered by `user_seq`
    without gaps. On other topics `user_seq` is the last number given when the event was recorded.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index(
            "ix_outbox_pending",
            "seq",
            postgresql_where=text("published_at IS NULL"),
            sqlite_where=text("published_at IS NULL"),
        ),
        Index(
            "uq_outbox_feed",
            "user_id",
            "user_seq",
            unique=True,
            postgresql_where=text("topic = 'task-updates'"),
            sqlite_where=text("topic = 'task-updates'"),
        ),
        {"sqlite_autoincrement": True},  # a number is never given out again
    )

    seq: int = Field(default=None, sa_type=BigSerial, primary_key=True)
    """The database counts."""
    user_id: UUID
    user_seq: int = Field(sa_type=BigInteger)
    event_id: UUID = Field(unique=True)
    topic: str
    key: str
    event: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=Instant, index=True)
    published_at: datetime | None = Field(default=None, sa_type=Instant)
    attempts: int = 0
    last_error: str | None = Field(default=None, sa_type=Text)


OUTBOX = table_of(OutboxEvent)
"""Rows are inserted by the table; by the model each would cost a third more."""


class UnknownUser(LookupError):
    """The account is gone; what was meant for it has nothing left to change."""


@dataclass(frozen=True)
class Origin:
    """Where a change comes from."""

    actor: str
    """`user`, `mcp`, `assistant`, `recurrence` or `system`"""
    now: datetime
    traceparent: str | None = None


@dataclass
class UserChanges:
    """One transaction on one user's data, with that user's row locked.

    The lock makes the user's changes follow one another, so their numbers have no gaps and
    events of one key are recorded in the order of their commits.
    """

    session: AsyncSession
    user_id: UUID
    origin: Origin
    source: str
    seq: int
    """The number of the user's newest change, this transaction's own included."""
    usage: Usage = field(default_factory=Usage)
    """What the user has, this transaction's changes included."""
    announced: list[DataChanged] = field(default_factory=list)
    """The changes that this transaction adds to the user's feed."""
    _recorded: list[dict[str, Any]] = field(default_factory=list)
    """Rows of the outbox."""

    @property
    def now(self) -> datetime:
        return self.origin.now

    @property
    def actor(self) -> str:
        return self.origin.actor

    def announce(
        self, entity: str, action: Action, entity_id: UUID, value: dict[str, Any] | None = None
    ) -> None:
        """Give a changed row its number in the user's feed; `value` is the row as a client sees it."""
        change = DataChanged(
            user_id=self.user_id, entity=entity, entity_id=entity_id, action=action, value=value
        )
        self.seq += 1
        self.announced.append(change)
        self.record(change)

    def record(self, event: Event) -> None:
        """Save `event` in this transaction; it is published after the commit."""
        event_id = new_id()
        envelope = wrap(
            event,
            event_id=event_id,
            source=self.source,
            at=self.now,
            userseq=self.seq,
            traceparent=self.origin.traceparent,
        )
        self._recorded.append(
            {
                "user_id": self.user_id,
                "user_seq": self.seq,
                "event_id": event_id,
                "topic": event.topic.value,
                "key": event.key,
                "event": envelope,
                "created_at": self.now,
            }
        )

    @contextmanager
    def caused_by(self, cause: CloudEvent) -> Iterator[None]:
        """Let what is recorded in the block continue the trace of an event that led to it."""
        origin = self.origin
        self.origin = replace(origin, traceparent=Trace.child_of(cause.traceparent).traceparent)
        try:
            yield
        finally:
            self.origin = origin

    @asynccontextmanager
    async def attempt(self) -> AsyncIterator[None]:
        """A part of the transaction that can fail alone: an error takes back only the block."""
        seq, announced, recorded = self.seq, len(self.announced), len(self._recorded)
        numbers = dict(self.usage.numbers)
        try:
            async with self.session.begin_nested():
                yield
        except BaseException:
            self.seq = seq
            self.usage.numbers = numbers
            del self.announced[announced:]
            del self._recorded[recorded:]
            raise

    @property
    def is_empty(self) -> bool:
        return not self._recorded

    async def write_events(self) -> None:
        """Save what was recorded, and the user's counters."""
        if self.is_empty:
            return
        await self.session.flush()
        await self.session.execute(insert(OUTBOX), self._recorded)
        if self.announced:
            await self.write_counters()

    async def write_counters(self) -> None:
        numbers = {what.column: number for what, number in self.usage.numbers.items()}
        mine = update(users).where(users.c.id == self.user_id)
        await self.session.execute(mine.values(change_seq=self.seq, **numbers))


async def usage_of(session: AsyncSession, user_id: UUID) -> Mapping[Counted, int]:
    """How much a user has of what is counted.

    Raises:
        UnknownUser
    """
    row = (await session.execute(select(*COUNTERS).where(users.c.id == user_id))).one_or_none()
    if row is None:
        raise UnknownUser(user_id)
    return {what: getattr(row, what.value) for what in Counted}


@dataclass
class Outbox:
    """The way in which one process changes data."""

    database: Database
    service: str
    limits: Mapping[Counted, int] = field(default_factory=dict)
    """How much a user may have; what is missing or 0 has no limit."""
    on_commit: list[Callable[[UserChanges], None]] = field(default_factory=list)
    """Called after each commit that recorded something, in the same process."""

    @asynccontextmanager
    async def changes(self, user_id: UUID, origin: Origin) -> AsyncIterator[UserChanges]:
        """Change one user's data: rows and events are committed together, or not at all.

        Raises:
            UnknownUser
        """
        async with self.database.write() as session:
            counters = select(users.c.change_seq, *COUNTERS).where(users.c.id == user_id)
            row = (await session.execute(counters.with_for_update())).one_or_none()
            if row is None:
                raise UnknownUser(user_id)
            usage = Usage({what: getattr(row, what.value) for what in Counted}, self.limits)
            source = f"/todoapp/{self.service}"
            changes = UserChanges(session, user_id, origin, source, row.change_seq, usage)
            yield changes
            await changes.write_events()
        if not changes.is_empty:
            for listener in self.on_commit:
                listener(changes)
