"""Remembering what was handled, so that a second delivery changes nothing."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from todoapp.database import Base

__all__ = ["InboxEntry", "first_time"]


class InboxEntry(Base):
    __tablename__ = "inbox"

    consumer: Mapped[str] = mapped_column(primary_key=True)
    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    processed_at: Mapped[datetime] = mapped_column(index=True)


async def first_time(session: AsyncSession, *, consumer: str, event_id: UUID, now: datetime) -> bool:
    """Claim an event for a consumer in the caller's transaction; False if it was handled before."""
    insert = insert_sqlite if session.get_bind().dialect.name == "sqlite" else insert_postgresql
    claim = (
        insert(InboxEntry)
        .values(consumer=consumer, event_id=event_id, processed_at=now)
        .on_conflict_do_nothing()
        .returning(InboxEntry.event_id)
    )
    return await session.scalar(claim) is not None
