"""Taking due deliveries, each by one process at a time, and users in turn."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from todoapp.features.outgoing.delivery import Delivery
from todoapp.features.outgoing.destination import Destination
from todoapp.features.outgoing.turns import DeliveryTurn
from todoapp.kit.database import Database, Instant, col, is_one_of

__all__ = ["LEASE", "PER_USER", "Lane", "claim_due"]

LEASE = timedelta(minutes=2)
"""Longer than an attempt takes. If the process dies during it, the delivery is due again afterwards."""
PER_USER = 2
"""Places that one user may take in a lane at the same time, over all processes."""
LOOKED_AT = 32
"""Users whose turn it is, at each claim."""

D = TypeVar("D", bound=Delivery)


@dataclass(frozen=True)
class Lane(Generic[D]):
    """Deliveries of one kind, with places that no other kind takes."""

    name: str
    kind: type[D]
    destination: type[Destination]
    places: int
    """Attempts at the same time in one process"""
    kept: timedelta
    """For how long a delivery waits for a destination that is paused"""
    only: ColumnElement[bool] = field(default_factory=true)
    """Which rows of `kind`"""
    is_trial: bool = False
    """Whether a person tries a destination: such a delivery neither waits for a pause to end nor counts"""

    def is_overdue(self, delivery: Delivery, destination: Destination, now: datetime) -> bool:
        """Whether a delivery waited in vain for so long that it is given up."""
        is_held = not self.is_trial and destination.paused_until is not None
        return is_held and now - delivery.waits_since >= self.kept


@dataclass
class _Queue:
    """What waits for one destination."""

    first: UUID
    ready_at: datetime
    """When `first` may be sent, or while one is under way, when that one counts as lost"""
    is_claimed: bool = False


@dataclass
class _Line:
    """What one user has to send."""

    turn: DeliveryTurn
    queues: list[_Queue] = field(default_factory=list)
    is_served: bool = False

    def startable(self, now: datetime) -> _Queue | None:
        if sum(queue.is_claimed for queue in self.queues) >= PER_USER:
            return None
        ready = [queue for queue in self.queues if not queue.is_claimed and queue.ready_at <= now]
        return min(ready, key=lambda queue: queue.ready_at, default=None)

    def start(self, now: datetime) -> UUID | None:
        """Take a place for the next delivery."""
        queue = self.startable(now)
        if queue is None:
            return None
        self.is_served = queue.is_claimed = True
        queue.ready_at = now + LEASE
        return queue.first

    def next_look(self, now: datetime) -> datetime | None:
        """When something can be started; None if nothing waits."""
        claimed = [queue.ready_at for queue in self.queues if queue.is_claimed]
        looks = claimed if len(claimed) >= PER_USER else [queue.ready_at for queue in self.queues]
        return max(min(looks), now) if looks else None


async def claim_due(database: Database, lane: Lane[D], *, now: datetime, places: int) -> list[D]:
    """Start an attempt of due deliveries: one for each user first, then a second one.

    A destination takes one place only, and a user `PER_USER`, so what is slow keeps no place from the
    others. Who was served goes to the end of the line. A delivery is made at least once: if a process dies
    between sending and noting it, another sends it again.
    """
    due = (
        select(DeliveryTurn)
        .where(col(DeliveryTurn.lane) == lane.name, col(DeliveryTurn.due_at) <= now)
        .order_by(col(DeliveryTurn.due_at), col(DeliveryTurn.user_id))
        .limit(LOOKED_AT)
    )
    async with database.read() as session:  # mostly there is nothing, and no need to lock anything
        if await session.scalar(due.limit(1)) is None:
            return []
    async with database.write() as session:
        turns = (await session.scalars(due.with_for_update(skip_locked=True))).all()
        lines = await _lines(session, lane, turns, now)
        chosen = _in_turn(lines, now, places)
        for line in lines:
            await _go_on(session, line, now)
        return await _claimed(session, lane, chosen, now)


def _in_turn(lines: Sequence[_Line], now: datetime, places: int) -> list[UUID]:
    chosen: list[UUID] = []
    for _ in range(PER_USER):
        for line in lines:
            if len(chosen) < places and (delivery_id := line.start(now)):
                chosen.append(delivery_id)
    return chosen


async def _lines(
    session: AsyncSession, lane: Lane[D], turns: Iterable[DeliveryTurn], now: datetime
) -> list[_Line]:
    lines = {turn.user_id: _Line(turn) for turn in turns}
    users = {"users": list(lines)}
    kind, destination, first = lane.kind, lane.destination, aliased(lane.kind)
    under_way = select(col(kind.destination_id), col(kind.claimed_until)).where(
        is_one_of(col(kind.user_id), "users"), col(kind.claimed_until) > now, lane.only
    )
    claims = {row.destination_id: row.claimed_until for row in await session.execute(under_way, users)}
    soonest = (
        select(col(kind.id))
        .where(col(kind.destination_id) == col(destination.id), col(kind.next_attempt_at).is_not(None))
        .where(lane.only)
        .order_by(col(kind.next_attempt_at), col(kind.id))
        .limit(1)
        .correlate(destination)
        .scalar_subquery()
    )
    waits_since = func.coalesce(col(first.requeued_at), col(first.created_at), type_=Instant)
    columns = (col(destination.user_id), col(destination.id), col(destination.paused_until))
    waiting = (
        select(
            *columns,
            col(first.id).label("first"),
            col(first.next_attempt_at),
            waits_since.label("waits_since"),
        )
        .join(first, col(first.id) == soonest)
        .where(is_one_of(col(destination.user_id), "users"))
    )
    for row in await session.execute(waiting, users):
        ready_at = row.next_attempt_at
        if not lane.is_trial and row.paused_until is not None:
            # One that waited for too long is not sent, so it need not wait until the pause ends.
            ready_at = max(ready_at, min(row.paused_until, row.waits_since + lane.kept))
        claimed_until = claims.get(row.id)
        queue = _Queue(row.first, claimed_until or ready_at, is_claimed=claimed_until is not None)
        lines[row.user_id].queues.append(queue)
    return list(lines.values())


async def _go_on(session: AsyncSession, line: _Line, now: datetime) -> None:
    """Move a user to the end of the line, or out of it. Who only lacked a place stays at the front."""
    if not line.is_served and line.startable(now):
        return
    following = line.next_look(now)
    if following is not None:
        line.turn.due_at = following
        return
    mine = (col(DeliveryTurn.lane) == line.turn.lane, col(DeliveryTurn.user_id) == line.turn.user_id)
    await session.execute(delete(DeliveryTurn).where(*mine))


async def _claimed(session: AsyncSession, lane: Lane[D], chosen: Sequence[UUID], now: datetime) -> list[D]:
    if not chosen:
        return []
    rows = select(lane.kind).where(is_one_of(col(lane.kind.id), "chosen"))
    rows = rows.with_for_update(skip_locked=True, of=lane.kind)
    found = {each.id: each for each in await session.scalars(rows, {"chosen": chosen})}
    claimed = [found[each] for each in chosen if each in found]
    for delivery in claimed:
        delivery.attempts += 1
        delivery.next_attempt_at = delivery.claimed_until = now + LEASE
    return claimed
