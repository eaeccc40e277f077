"""What could not be handled, with the reason, for a person's eyes."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Text, UniqueConstraint, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from todoapp.kit.database import Base, new_id

__all__ = ["DeadLetter", "DeliveryFailure", "keep", "note_failure"]


class DeliveryFailure(Base):
    """Why the last delivery of an event failed; the broker's dead letter does not say."""

    __tablename__ = "delivery_failures"

    consumer: Mapped[str] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int]
    failed_at: Mapped[datetime]


class DeadLetter(Base):
    __tablename__ = "dead_letters"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    consumer: Mapped[str]
    event_id: Mapped[str]
    topic: Mapped[str]
    event: Mapped[dict[str, Any]]
    reason: Mapped[str] = mapped_column(Text)
    received_at: Mapped[datetime]
    replayed_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("consumer", "event_id"),)


async def note_failure(
    session: AsyncSession, *, consumer: str, event_id: str, reason: str, now: datetime
) -> int:
    """Count a failed try of an event, and remember why it failed.

    Returns:
        How many have failed so far.
    """
    failure = await session.get(DeliveryFailure, (consumer, event_id), with_for_update=True)
    if failure is None:
        failure = DeliveryFailure(consumer=consumer, event_id=event_id, attempts=0)
        session.add(failure)
    failure.attempts += 1
    failure.reason = reason
    failure.failed_at = now
    return failure.attempts


async def keep(
    session: AsyncSession, *, consumer: str, event_id: str, topic: str, event: dict[str, Any], now: datetime
) -> str:
    """Store a dead letter, once however often it is delivered, and return its reason."""
    failure = await session.get(DeliveryFailure, (consumer, event_id))
    reason = (
        failure.reason if failure else "No failure was noted: the consumer was away or answered too late."
    )
    known = await session.scalar(
        select(DeadLetter).where(DeadLetter.consumer == consumer, DeadLetter.event_id == event_id)
    )
    if known is None:
        known = DeadLetter(consumer=consumer, event_id=event_id, topic=topic)
        session.add(known)
    known.event = event
    known.reason = reason
    known.received_at = now
    known.replayed_at = None
    return reason
