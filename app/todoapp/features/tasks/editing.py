"""Every write of a task: its new version, its place in the feed and its event, or nothing at all."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from todoapp.features.reminders.queries import reminders_of
from todoapp.features.reminders.view import ReminderView
from todoapp.features.tasks.errors import TaskNotFound
from todoapp.features.tasks.events import TaskCreated, TaskDeleted, TaskEvent, TaskUpdated
from todoapp.features.tasks.model import Task
from todoapp.features.tasks.view import BOOKKEEPING, TaskState, TaskView
from todoapp.kit.database import col
from todoapp.kit.usage import Counted
from todoapp.messaging.outbox import UserChanges

__all__ = ["Edit", "announce_created", "announce_deleted", "editing", "load_task"]


@dataclass
class Edit:
    """One task while it is being changed."""

    task: Task
    event: type[TaskEvent] = TaskUpdated
    notices: list[str] = field(default_factory=list)
    reminders: Sequence[ReminderView] = ()

    def view(self, changes: UserChanges) -> TaskView:
        return TaskView.at(changes.now, self.task, self.task.tags, self.reminders, self.notices)


async def load_task(session: AsyncSession, user_id: UUID, task_id: UUID) -> Task:
    """One of the user's tasks with its tags, to be changed; `find_task` is for one that is only shown.

    Raises:
        TaskNotFound
    """
    task = await session.scalar(
        select(Task)
        .where(col(Task.id) == task_id, col(Task.user_id) == user_id)
        .options(selectinload(col(Task.tags)))
    )
    if task is None:
        raise TaskNotFound(task_id)
    return task


@asynccontextmanager
async def editing(changes: UserChanges, task: Task) -> AsyncIterator[Edit]:
    """Change a task inside the block. What differs afterwards is announced as `edit.event`.

    When nothing differs nothing is announced: saving a form unchanged must not look like news.

    Raises:
        QuotaExceeded: the text became too long for what is left.
    """
    before = _facts(TaskState.of(task, task.tags, await _reminders(changes.session, task)))
    version, updated_at, text_bytes = task.version, task.updated_at, _text_bytes(task)
    # Beforehand, so that the row and its many index entries are written once.
    task.version, task.updated_at = version + 1, changes.now
    edit = Edit(task)
    yield edit
    changes.usage.add(Counted.BYTES, _text_bytes(task) - text_bytes)
    await changes.session.flush()
    edit.reminders = await _reminders(changes.session, task)
    after = _facts(TaskState.of(task, task.tags, edit.reminders))
    differing = {name: (before[name], after[name]) for name in after if before[name] != after[name]}
    if not differing:
        task.version, task.updated_at = version, updated_at
        return
    state = TaskState.of(task, task.tags, edit.reminders).model_dump(mode="json")
    changes.announce("task", "updated", task.id, state)
    changes.record(_event(edit.event, changes, task, differing, state))


async def announce_created(changes: UserChanges, edit: Edit, *, limited: bool = True) -> None:
    """Announce and count a new task.

    Args:
        limited: False for a next occurrence, which must not be lost.

    Raises:
        QuotaExceeded
    """
    changes.usage.add(Counted.TASKS, limited=limited)
    changes.usage.add(Counted.BYTES, _text_bytes(edit.task), limited=limited)
    edit.reminders = await _reminders(changes.session, edit.task)
    state = TaskState.of(edit.task, edit.task.tags, edit.reminders).model_dump(mode="json")
    changes.announce("task", "created", edit.task.id, state)
    changes.record(_event(TaskCreated, changes, edit.task, {}, state))


async def announce_deleted(changes: UserChanges, task: Task) -> None:
    changes.usage.add(Counted.TASKS, -1)
    changes.usage.add(Counted.BYTES, -_text_bytes(task))
    state = TaskState.of(task, task.tags, await _reminders(changes.session, task)).model_dump(mode="json")
    changes.announce("task", "deleted", task.id)
    changes.record(_event(TaskDeleted, changes, task, {}, state))


def _event(
    event: type[TaskEvent],
    changes: UserChanges,
    task: Task,
    differing: dict[str, tuple[Any, Any]],
    state: dict[str, Any],
) -> TaskEvent:
    return event(user_id=changes.user_id, task_id=task.id, actor=changes.actor, changes=differing, task=state)


def _facts(state: TaskState) -> dict[str, Any]:
    return state.model_dump(mode="json", exclude=BOOKKEEPING)


def _text_bytes(task: Task) -> int:
    return len(task.title.encode()) + len((task.description or "").encode())


async def _reminders(session: AsyncSession, task: Task) -> Sequence[ReminderView]:
    return (await reminders_of(session, [task.id]))[task.id]
