"""A reminder as clients and events see it."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from todoapp.features.reminders.model import ReminderStatus
from todoapp.kit.fields import View

__all__ = ["ReminderView"]


class ReminderView(View):
    id: UUID
    task_id: UUID
    offset_minutes: int | None = Field(description="before the task is due; the reminder moves with it")
    remind_at: datetime | None = Field(description="instead: a fixed instant")
    due_at: datetime = Field(description="the instant at which it fires")
    status: ReminderStatus
    triggered_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime
