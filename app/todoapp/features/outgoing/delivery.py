"""One thing to be sent to one destination, until it arrived or is given up."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, Text, text
from sqlmodel import Field

from todoapp.kit.database import Base, Instant, new_id

__all__ = ["Delivery", "DeliveryStatus", "queue_indexes"]

JITTER = 0.1
"""Waits are longer by up to this share, so that deliveries that failed together are not retried together."""


class DeliveryStatus(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class Delivery(Base):
    """The columns of a table of deliveries. A row is due from `next_attempt_at` on; null is never."""

    id: UUID = Field(default_factory=new_id, primary_key=True)
    user_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE", index=True)
    destination_id: UUID
    """Each table says to which other it leads."""
    status: str = DeliveryStatus.PENDING.value
    attempts: int = 0
    next_attempt_at: datetime | None = Field(default=None, sa_type=Instant)
    last_error: str | None = Field(default=None, sa_type=Text)
    """One sentence without any secret"""
    claimed_until: datetime | None = Field(default=None, sa_type=Instant)
    """While an attempt is under way, until when it is taken for one; afterwards its process has died."""
    requeued_at: datetime | None = Field(default=None, sa_type=Instant)
    """When its user had it sent again"""
    created_at: datetime = Field(sa_type=Instant)
    delivered_at: datetime | None = Field(default=None, sa_type=Instant)

    @property
    def waits_since(self) -> datetime:
        return self.requeued_at or self.created_at

    def succeed(self, now: datetime) -> None:
        self.status, self.delivered_at = DeliveryStatus.DELIVERED, now
        self.next_attempt_at = self.last_error = self.claimed_until = None

    def fail(self, reason: str, *, now: datetime, waits: Sequence[timedelta]) -> None:
        """Note a failed attempt. Another comes after the wait that belongs to it, if one is left."""
        self.last_error, self.claimed_until = reason, None
        if self.attempts > len(waits):
            self.give_up()
        else:
            stretched = 1 + random.uniform(0, JITTER)  # noqa: S311 - nobody gains from guessing it
            self.next_attempt_at = now + waits[self.attempts - 1] * stretched

    def give_up(self) -> None:
        self.status, self.next_attempt_at, self.claimed_until = DeliveryStatus.FAILED, None, None

    def restart(self, now: datetime) -> None:
        """Send it (again) as soon as possible, with all attempts ahead."""
        self.status, self.attempts, self.next_attempt_at = DeliveryStatus.PENDING, 0, now
        self.requeued_at = now
        self.last_error = self.delivered_at = None


def queue_indexes(table: str) -> tuple[Index, Index]:
    """Find the few rows that wait among the many that are done: a destination's next, and those under way."""
    waiting, claimed = text("next_attempt_at IS NOT NULL"), text("claimed_until IS NOT NULL")
    return (
        Index(
            f"ix_{table}_waiting",
            "destination_id",
            "next_attempt_at",
            "id",
            postgresql_where=waiting,
            sqlite_where=waiting,
        ),
        Index(f"ix_{table}_claimed", "user_id", postgresql_where=claimed, sqlite_where=claimed),
    )
