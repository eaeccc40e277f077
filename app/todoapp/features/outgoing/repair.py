"""Putting right what a process of another version, or a person at the database, left out of the queues."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ScalarSelect, func, select, union, update
from sqlalchemy.ext.asyncio import AsyncSession

from todoapp.features.outgoing.claiming import Lane
from todoapp.features.outgoing.turns import DeliveryTurn, call_up
from todoapp.kit.database import col

__all__ = ["astray", "set_right"]


async def astray(session: AsyncSession, lane: Lane[Any], *, limit: int) -> Sequence[UUID]:
    """Users who have something to send and no turn, or a destination that counts wrong what waits."""
    turn = select(col(DeliveryTurn.user_id)).where(
        col(DeliveryTurn.lane) == lane.name, col(DeliveryTurn.user_id) == col(lane.kind.user_id)
    )
    without_turn = select(col(lane.kind.user_id)).where(
        col(lane.kind.next_attempt_at).is_not(None), lane.only, ~turn.exists()
    )
    if lane.is_trial:
        return (await session.scalars(without_turn.distinct().limit(limit))).all()
    miscounted = select(col(lane.destination.user_id)).where(col(lane.destination.waiting) != _waiting(lane))
    users = union(without_turn, miscounted).subquery()
    return (await session.scalars(select(users.c[0]).limit(limit))).all()


async def set_right(session: AsyncSession, lane: Lane[Any], user_id: UUID, *, now: datetime) -> None:
    """Count what waits for a user's destinations, and let them be looked at. The user's row is locked."""
    if not lane.is_trial:
        mine = update(lane.destination).where(col(lane.destination.user_id) == user_id)
        await session.execute(mine.values(waiting=_waiting(lane)))
    await call_up(session, lane.name, user_id, now=now)


def _waiting(lane: Lane[Any]) -> ScalarSelect[int]:
    """How many deliveries really wait for a destination."""
    kind = lane.kind
    rows = select(func.count()).where(
        col(kind.destination_id) == col(lane.destination.id),
        col(kind.next_attempt_at).is_not(None),
        lane.only,
    )
    return rows.correlate(lane.destination).scalar_subquery()
