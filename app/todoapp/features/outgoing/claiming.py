"""Taking due deliveries, each by one process at a time."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select

from todoapp.features.outgoing.delivery import Delivery
from todoapp.kit.database import Database, col

__all__ = ["LEASE", "claim_due"]

LEASE = timedelta(minutes=2)
"""Longer than an attempt takes. If the process dies during it, the delivery is due again afterwards."""
LOOKED_AT = 100

D = TypeVar("D", bound=Delivery)


async def claim_due(
    database: Database, kind: type[D], *, now: datetime, busy: Collection[UUID], limit: int
) -> list[D]:
    """Start an attempt of due deliveries, at most one for each destination, the longest due first.

    One at a time keeps a slow destination from taking the places of all others. A delivery is made
    at least once: if a process dies between sending and noting it, another sends it again.

    Args:
        busy: destinations that this process is sending to.
    """
    due = (
        select(kind)
        .where(col(kind.next_attempt_at) <= now, col(kind.destination_id).not_in(busy))
        .order_by(col(kind.next_attempt_at), col(kind.id))
        .limit(LOOKED_AT)
    )
    async with database.read() as session:  # mostly there is nothing, and no need to lock anything
        if await session.scalar(due.limit(1)) is None:
            return []
    async with database.write() as session:
        found = (await session.scalars(due.with_for_update(skip_locked=True, of=kind))).all()
        first: dict[UUID, D] = {}
        for delivery in found:
            first.setdefault(delivery.destination_id, delivery)
        claimed = list(first.values())[:limit]
        for delivery in claimed:
            delivery.attempts += 1
            delivery.next_attempt_at = now + LEASE
    return claimed
