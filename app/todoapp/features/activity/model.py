"""What happened to a user's tasks, for the user to look up."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from todoapp.kit.database import Base, new_id

__all__ = ["ActivityLog"]


class ActivityLog(Base):
    """One event; `task_id` outlives the task."""

    __tablename__ = "activity_logs"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    event_id: Mapped[UUID] = mapped_column(unique=True)
    event_type: Mapped[str]
    user_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("users.id", ondelete="CASCADE"))
    task_id: Mapped[UUID]
    actor: Mapped[str]
    occurred_at: Mapped[datetime] = mapped_column(index=True)
    changes: Mapped[dict[str, Any]]
    """Field → `[old, new]`."""
    snapshot: Mapped[dict[str, Any]]
    """The task after the event; of a deleted one, before it."""

    __table_args__ = (
        Index("ix_activity_logs_user_occurred", "user_id", "occurred_at", "id"),
        Index("ix_activity_logs_task_occurred", "task_id", "occurred_at", "id"),
    )
