"""One thing to be sent to one destination, until it arrived or is given up."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, Text, text
from sqlmodel import Field

from todoapp.kit.database import Base, Instant, new_id

__all__ = ["Delivery", "DeliveryStatus", "due_index"]

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
    created_at: datetime = Field(sa_type=Instant)
    delivered_at: datetime | None = Field(default=None, sa_type=Instant)

    def succeed(self, now: datetime) -> None:
        self.status, self.delivered_at = DeliveryStatus.DELIVERED, now
        self.next_attempt_at = self.last_error = None

    def fail(self, reason: str, *, now: datetime, waits: Sequence[timedelta]) -> None:
        """Note a failed attempt. Another comes after the wait that belongs to it, if one is left."""
        self.last_error = reason
        if self.attempts > len(waits):
            self.give_up()
        else:
            stretched = 1 + random.uniform(0, JITTER)  # noqa: S311 - nobody gains from guessing it
            self.next_attempt_at = now + waits[self.attempts - 1] * stretched

    def give_up(self) -> None:
        self.status, self.next_attempt_at = DeliveryStatus.FAILED, None

    def restart(self, now: datetime) -> None:
        """Send it (again) as soon as possible, with all attempts ahead."""
        self.status, self.attempts, self.next_attempt_at = DeliveryStatus.PENDING, 0, now
        self.last_error = self.delivered_at = None


def due_index(table: str) -> Index:
    """Finds the few rows that wait among the many that are done."""
    waiting = text("next_attempt_at IS NOT NULL")
    return Index(f"ix_{table}_due", "next_attempt_at", postgresql_where=waiting, sqlite_where=waiting)
