"""What happens to tasks, as facts for other processes."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from pydantic import GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from todoapp.features.tasks.view import BOOKKEEPING, TaskState
from todoapp.messaging.event import Event, Topic

__all__ = [
    "EVENTS",
    "TaskChanges",
    "TaskCompleted",
    "TaskCreated",
    "TaskDeleted",
    "TaskEvent",
    "TaskReopened",
    "TaskSkipped",
    "TaskUpdated",
]


@dataclass(frozen=True)
class _State:
    """Describes a task in the schema by its fields. We wrote it ourselves, so nobody checks it again."""

    def __get_pydantic_json_schema__(
        self, _schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return handler(TaskState.__pydantic_core_schema__)


@dataclass(frozen=True)
class _Changes:
    """As `_State`: every field that can change with its old and new value."""

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        fields = handler.resolve_ref_schema(handler(TaskState.__pydantic_core_schema__))["properties"]
        pairs = {name: _pair(value) for name, value in fields.items() if name not in BOOKKEEPING}
        return handler(schema) | {"properties": pairs}


def _pair(value: JsonSchemaValue) -> JsonSchemaValue:
    return {"type": "array", "prefixItems": [value, value], "minItems": 2, "maxItems": 2}


TaskChanges = Annotated[dict[str, tuple[Any, Any]], _Changes()]
"""Field → `[old, new]`."""


class TaskEvent(Event):
    """Something that happened to one task; heard by activity, which logs it.

    Its schema describes every field of a task, so a new one raises `version`, and with it that of
    `ActivityLogged`.
    """

    topic = Topic.TASK_EVENTS
    version = "1.1.0"

    task_id: UUID
    actor: str
    changes: TaskChanges
    task: Annotated[dict[str, Any], _State()]
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
