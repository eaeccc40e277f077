"""What happens to tasks, as facts for other processes."""

from typing import Any
from uuid import UUID

from todoapp.messaging.event import Event, Topic

__all__ = [
    "EVENTS",
    "TaskCompleted",
    "TaskCreated",
    "TaskDeleted",
    "TaskEvent",
    "TaskReopened",
    "TaskSkipped",
    "TaskUpdated",
]


class TaskEvent(Event):
    """Something that happened to one task; heard by activity, which logs it."""

    topic = Topic.TASK_EVENTS

    task_id: UUID
    actor: str
    changes: dict[str, tuple[Any, Any]]
    """Field → `[old, new]`."""
    task: dict[str, Any]
    """The task after the event; of a deleted one, before it."""

    @property
    def key(self) -> str:
        return str(self.task_id)

    @property
    def subject(self) -> str:
        return str(self.task_id)


class TaskCreated(TaskEvent):
    type = "task.created"


class TaskUpdated(TaskEvent):
    type = "task.updated"


class TaskCompleted(TaskEvent):
    """A task was done; of a repeating one, recurrence makes the next occurrence."""

    type = "task.completed"


class TaskSkipped(TaskEvent):
    """An occurrence was passed over; recurrence makes the next one."""

    type = "task.skipped"


class TaskReopened(TaskEvent):
    type = "task.reopened"


class TaskDeleted(TaskEvent):
    type = "task.deleted"


EVENTS: tuple[type[TaskEvent], ...] = (
    TaskCreated,
    TaskUpdated,
    TaskCompleted,
    TaskSkipped,
    TaskReopened,
    TaskDeleted,
)
