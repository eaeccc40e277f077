"""When to tell a person about a task."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from todoapp.kit.database import Base, Instant, new_id

__all__ = ["Reminder", "ReminderStatus"]


class ReminderStatus(StrEnum):
    SCHEDULED = "scheduled"
    TRIGGERED = "triggered"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Reminder(Base, table=True):
    """A row is the truth; the Dapr job of the same id only wakes us on time."""

    __tablename__ = "reminders"
    __table_args__ = (
        Index("ix_reminders_user_due", "user_id", "due_at", "id"),
        CheckConstraint("(offset_minutes IS NULL) <> (remind_at IS NULL)", name="offset_or_instant"),
        Index(
            "ix_reminders_scheduled",
            "due_at",
            postgresql_where=text("status = 'scheduled'"),
            sqlite_where=text("status = 'scheduled'"),
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    user_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE")
    task_id: UUID = Field(foreign_key="tasks.id", ondelete="CASCADE", index=True)
    offset_minutes: int | None = None
    """Before the task's due instant; such a reminder moves with it."""
    remind_at: datetime | None = Field(default=None, sa_type=Instant)
    """A fixed instant instead."""
    due_at: datetime = Field(sa_type=Instant)
    """The instant at which it fires."""
    status: str = ReminderStatus.SCHEDULED.value
    triggered_at: datetime | None = Field(default=None, sa_type=Instant)
    version: int = 1
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)
