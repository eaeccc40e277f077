"""The line in which users wait for a place: one entry for each user, however much there is to send."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, case
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field

from todoapp.kit.database import Base, Instant, insert_or_update, table_of

__all__ = ["DeliveryTurn", "call_up"]


class DeliveryTurn(Base, table=True):
    """When to look at what one user has to send in one lane.

    A look that is too early does no harm. Who claims deliveries locks the entry, so that two processes
    never count one user's places at the same time.
    """

    __tablename__ = "delivery_turns"
    __table_args__ = (Index("ix_delivery_turns_due", "lane", "due_at"),)

    lane: str = Field(primary_key=True)
    user_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE", primary_key=True, index=True)
    due_at: datetime = Field(sa_type=Instant)


TURNS = table_of(DeliveryTurn)


async def call_up(session: AsyncSession, lane: str, user_id: UUID, *, now: datetime) -> None:
    """Let a user's deliveries be looked at from now on. Who is in line already keeps the place."""
    entry = {"lane": lane, "user_id": user_id, "due_at": now}
    sooner = case((TURNS.c.due_at < now, TURNS.c.due_at), else_=now)
    await session.execute(
        insert_or_update(session, TURNS, entry, key=("lane", "user_id"), changes={"due_at": sooner})
    )
