"""An entry of the activity log as clients see it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from todoapp.kit.fields import View

__all__ = ["ActivityView"]


class ActivityView(View):
    id: UUID
    event_id: UUID
    event_type: str = Field(examples=["task.completed"])
    task_id: UUID = Field(description="outlives the task")
    actor: str = Field(description="who did it", examples=["user", "recurrence"])
    occurred_at: datetime
    changes: dict[str, tuple[Any, Any]] = Field(description="field → old and new value")
    snapshot: dict[str, Any] = Field(description="the task after the event; of a deleted one, before it")
