"""When to tell a person about a task."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from todoapp.kit.database import Base, new_id

__all__ = ["Reminder", "ReminderStatus"]


class ReminderStatus(StrEnum):
    SCHEDULED = "scheduled"
    TRIGGERED = "triggered"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Reminder(Base):
    """A row is the truth; the Dapr job of the same id only wakes us on time."""

    __tablename__ = "reminders"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("users.id", ondelete="CASCADE"))
    task_id: Mapped[UUID] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"), index=True)
    offset_minutes: Mapped[int | None]
    """Before the task's due instant; such a reminder moves with it."""
    remind_at: Mapped[datetime | None]
    """A fixed instant instead."""
    due_at: Mapped[datetime]
    """The instant at which it fires."""
    status: Mapped[str] = mapped_column(default=ReminderStatus.SCHEDULED.value)
    triggered_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

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
