"""Events that could not be handled, with the reason, for a person to look at."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Text, UniqueConstraint, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field

from todoapp.kit.database import Base, Instant, JsonValue, col, new_id

__all__ = ["DeadLetter", "DeliveryFailure", "keep", "note_failure"]


class DeliveryFailure(Base, table=True):
    """Why the last delivery of an event failed; the broker's dead letter does not say."""

    __tablename__ = "delivery_failures"

    consumer: str = Field(primary_key=True)
    event_id: str = Field(primary_key=True)
    reason: str = Field(sa_type=Text)
    attempts: int
    failed_at: datetime = Field(sa_type=Instant)


class DeadLetter(Base, table=True):
    __tablename__ = "dead_letters"
    __table_args__ = (UniqueConstraint("consumer", "event_id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    consumer: str
    event_id: str
    topic: str
    event: dict[str, Any] = Field(sa_type=JsonValue)
    reason: str = Field(sa_type=Text)
    received_at: datetime = Field(sa_type=Instant)
    replayed_at: datetime | None = Field(default=None, sa_type=Instant)


async def note_failure(
    session: AsyncSession, *, consumer: str, event_id: str, reason: str, now: datetime
) -> int:
    """Count a failed try of an event, and remember why it failed.

    Returns:
        How many have failed so far.
    """
    failure = await session.get(DeliveryFailure, (consumer, event_id), with_for_update=True)
    if failure is None:
        failure = DeliveryFailure(
            consumer=consumer, event_id=event_id, reason=reason, attempts=0, failed_at=now
        )
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
        select(DeadLetter).where(col(DeadLetter.consumer) == consumer, col(DeadLetter.event_id) == event_id)
    )
    if known is None:
        known = DeadLetter(
            consumer=consumer, event_id=event_id, topic=topic, event=event, reason=reason, received_at=now
        )
        session.add(known)
    known.event = event
    known.reason = reason
    known.received_at = now
    known.replayed_at = None
    return reason
