"""A task as clients and events see it."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, Self
from uuid import UUID

from pydantic import Field

from todoapp.features.reminders.view import ReminderView
from todoapp.features.tasks import series
from todoapp.features.tasks.model import PRIORITIES, Priority, StoredTag, StoredTask
from todoapp.kit.fields import View
from todoapp.kit.wall_time import wall_time

__all__ = ["BOOKKEEPING", "LabelView", "TagRef", "TaskState", "TaskView"]

BOOKKEEPING = {"version", "updated_at"}
"""Fields whose changes are not announced."""


class TagRef(View):
    id: UUID
    name: str


class LabelView(View):
    """A tag or a category."""

    id: UUID
    name: str
    colour: str | None
    version: int
    created_at: datetime
    updated_at: datetime


class TaskState(View):
    """Everything stored of a task: what the feed and the events carry."""

    id: UUID
    title: str
    description: str
    completed: bool
    completed_at: datetime | None
    skipped_at: datetime | None
    priority: Priority
    due_at: datetime | None = Field(description="the instant; null for an all-day task")
    due_date: date | None = Field(description="the day of an all-day task, in its time zone")
    all_day: bool
    timezone: str
    category_id: UUID | None
    tags: list[TagRef]
    recurrence: dict[str, Any] | None
    series_id: UUID | None
    occurrence: int
    parent_task_id: UUID | None
    position: float
    reminders: list[ReminderView]
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, task: StoredTask, tags: Iterable[StoredTag], reminders: Iterable[ReminderView]) -> Self:
        return cls(**_stored(task, tags, reminders))


TRANSLATED = {"priority", "due_at", "due_date", "tags", "reminders"}
AS_STORED = tuple(name for name in TaskState.model_fields if name not in TRANSLATED)
"""Fields that show a column of the same name as it is."""


class TaskView(TaskState):
    """A task as an answer shows it: with what depends on the present moment."""

    is_overdue: bool
    next_occurrence: datetime | None = Field(
        description="when the task would be due again if it were completed now"
    )
    notices: list[str] = Field(
        default_factory=list, description="what was decided for the caller, such as a date that was missing"
    )

    @classmethod
    def at(
        cls,
        now: datetime,
        task: StoredTask,
        tags: Iterable[StoredTag],
        reminders: Iterable[ReminderView],
        notices: Sequence[str] = (),
    ) -> Self:
        is_open = not task.completed and task.skipped_at is None
        return cls(
            **_stored(task, tags, reminders),
            is_overdue=is_open and task.overdue_at is not None and task.overdue_at <= now,
            next_occurrence=series.next_due_at(task, now=now) if is_open else None,
            notices=list(notices),
        )


def _stored(task: StoredTask, tags: Iterable[StoredTag], reminders: Iterable[ReminderView]) -> dict[str, Any]:
    day = wall_time(task.due_at, task.timezone).date() if task.due_at and task.all_day else None
    return {
        **{name: getattr(task, name) for name in AS_STORED},
        "priority": PRIORITIES[task.priority],
        "due_at": None if task.all_day else task.due_at,
        "due_date": day,
        "tags": [TagRef(id=tag.id, name=tag.name) for tag in sorted(tags, key=lambda tag: tag.name_key)],
        "reminders": list(reminders),
    }
