"""What happened to a user's tasks, for the user to look up."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from todoapp.kit.database import Base, Instant, JsonValue, new_id

__all__ = ["ActivityLog"]


class ActivityLog(Base, table=True):
    """One event; `task_id` outlives the task."""

    __tablename__ = "activity_logs"
    __table_args__ = (
        Index("ix_activity_logs_user_occurred", "user_id", "occurred_at", "id"),
        Index("ix_activity_logs_task_occurred", "task_id", "occurred_at", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    event_id: UUID = Field(unique=True)
    event_type: str
    user_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE")
    task_id: UUID
    actor: str
    occurred_at: datetime = Field(sa_type=Instant, index=True)
    changes: dict[str, Any] = Field(sa_type=JsonValue)
    """Field → `[old, new]`."""
    snapshot: dict[str, Any] = Field(sa_type=JsonValue)
    """The task after the event; of a deleted one, before it."""
