"""The activity log, for consumers outside."""

from datetime import datetime
from typing import Any
from uuid import UUID

from todoapp.messaging.event import Event, Topic

__all__ = ["ActivityLogged"]


class ActivityLogged(Event):
    """An event of a task was written to its owner's activity log."""

    type = "activity.logged"
    topic = Topic.ACTIVITY_LOGS

    activity_id: UUID
    logged_event_id: UUID
    logged_event_type: str
    task_id: UUID
    actor: str
    occurred_at: datetime
    changes: dict[str, tuple[Any, Any]]

    @property
    def subject(self) -> str:
        return str(self.task_id)
