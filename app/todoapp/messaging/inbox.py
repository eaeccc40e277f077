"""The events that were handled, so that a second delivery changes nothing."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field

from todoapp.kit.database import Base, Instant, insert_new, table_of

__all__ = ["InboxEntry", "first_time"]


class InboxEntry(Base, table=True):
    __tablename__ = "inbox"

    consumer: str = Field(primary_key=True)
    event_id: UUID = Field(primary_key=True)
    processed_at: datetime = Field(sa_type=Instant, index=True)


INBOX = table_of(InboxEntry)
"""Rows are inserted by the table; by the model each would cost twice as much."""


async def first_time(
    session: AsyncSession, *, consumer: str, event_ids: Collection[UUID], now: datetime
) -> set[UUID]:
    """Claim events for a consumer in the caller's transaction.

    Returns:
        Those of them that were not handled before.
    """
    claims = insert_new(session, INBOX).returning(INBOX.c.event_id)
    rows = [{"consumer": consumer, "event_id": event_id, "processed_at": now} for event_id in event_ids]
    return set(await session.scalars(claims, rows))
