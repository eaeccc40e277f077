"""The activity log, for consumers outside."""

from datetime import datetime
from uuid import UUID

from todoapp.features.tasks.events import TaskChanges, TaskEvent
from todoapp.messaging.event import Event, Topic

__all__ = ["ActivityLogged"]


class ActivityLogged(Event):
    """An event of a task was written to its owner's activity log."""

    type = "activity.logged"
    topic = Topic.ACTIVITY_LOGS
    version = TaskEvent.version

    activity_id: UUID
    logged_event_id: UUID
    logged_event_type: str
    task_id: UUID
    actor: str
    occurred_at: datetime
    changes: TaskChanges

    @property
    def subject(self) -> str:
        return str(self.task_id)
