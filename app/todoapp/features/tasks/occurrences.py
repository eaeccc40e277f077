"""Finishing a task, and what a repeating one does then. One occurrence of a series is open at a time."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from todoapp.features.reminders import service as reminders
from todoapp.features.tasks import series
from todoapp.features.tasks.due import Due
from todoapp.features.tasks.editing import Edit, announce_created, announce_deleted, editing, load_task
from todoapp.features.tasks.errors import LaterOccurrenceExists, NotRepeating, OccurrenceClosed, TaskNotFound
from todoapp.features.tasks.events import TaskCompleted, TaskReopened, TaskSkipped
from todoapp.features.tasks.model import PLAIN_FIELDS, Task
from todoapp.features.tasks.task_reminders import move_reminders, reminded
from todoapp.features.tasks.view import TaskView
from todoapp.kit.database import col, new_id
from todoapp.messaging.outbox import UserChanges

__all__ = [
    "complete",
    "complete_task",
    "create_next",
    "create_next_occurrence",
    "end_recurrence",
    "reopen",
    "reopen_task",
    "set_recurrence",
    "skip_occurrence",
]

CARRIED_OVER = (
    *PLAIN_FIELDS,
    "user_id",
    "priority",
    "timezone",
    "category_id",
    "recurrence",
    "series_id",
    "series_start",
    "series_last",
)
"""The columns that an occurrence has from the one before it."""


async def complete_task(changes: UserChanges, task: Task) -> TaskView:
    """Mark a task as done. Completing it again changes nothing.

    Raises:
        OccurrenceClosed: it was skipped.
    """
    async with editing(changes, task) as edit:
        if not task.completed:
            await complete(changes, edit)
    return edit.view(changes)


async def reopen_task(changes: UserChanges, task: Task) -> TaskView:
    """Take a completion or a skip back. Reopening an open task changes nothing.

    Raises:
        LaterOccurrenceExists
    """
    async with editing(changes, task) as edit:
        if not task.is_open:
            await reopen(changes, edit)
    return edit.view(changes)


async def skip_occurrence(changes: UserChanges, task: Task) -> TaskView:
    """Pass over one occurrence of a series. Skipping it again changes nothing.

    Raises:
        NotRepeating
        OccurrenceClosed: it was completed.
    """
    async with editing(changes, task) as edit:
        if task.skipped_at is None:
            if task.completed:
                raise OccurrenceClosed(task.id, "completed")
            if task.recurrence is None:
                raise NotRepeating(task.id)
            changes.usage.require_room_for_next()
            edit.event = TaskSkipped
            task.skipped_at = changes.now
            await move_reminders(changes, task)
    return edit.view(changes)


async def set_recurrence(changes: UserChanges, task: Task, wanted: object) -> TaskView:
    """Start a series with this task's date as its first.

    Raises:
        InvalidTaskRecurrence
    """
    async with editing(changes, task) as edit:
        if notice := series.begin(task, wanted, now=changes.now):
            edit.notices.append(notice)
            await move_reminders(changes, task)
    return edit.view(changes)


async def end_recurrence(changes: UserChanges, task: Task) -> TaskView:
    """Let this occurrence be the last of its series."""
    async with editing(changes, task) as edit:
        series.end(task)
    return edit.view(changes)


async def complete(changes: UserChanges, edit: Edit) -> None:
    """Complete an open task within an edit.

    Raises:
        OccurrenceClosed: it was skipped.
        QuotaExceeded: there would be no room for the next occurrence.
    """
    if edit.task.skipped_at is not None:
        raise OccurrenceClosed(edit.task.id, "skipped")
    if edit.task.recurrence is not None:
        changes.usage.require_room_for_next()
    edit.event = TaskCompleted
    edit.task.completed, edit.task.completed_at = True, changes.now
    await move_reminders(changes, edit.task)


async def reopen(changes: UserChanges, edit: Edit) -> None:
    """Open a closed task within an edit; a next occurrence that nobody touched is withdrawn.

    Raises:
        LaterOccurrenceExists
    """
    await _withdraw_later_occurrence(changes, edit.task)
    edit.event = TaskReopened
    edit.task.completed, edit.task.completed_at, edit.task.skipped_at = False, None, None
    await move_reminders(changes, edit.task)


async def create_next_occurrence(changes: UserChanges, task_id: UUID) -> None:
    """Create the occurrence after a finished one, if there is one to create."""
    try:
        task = await load_task(changes.session, changes.user_id, task_id)
    except TaskNotFound:
        return
    await create_next(changes, task)


async def create_next(changes: UserChanges, task: Task) -> None:
    """As `create_next_occurrence`, for a task that is loaded."""
    finished = task.completed_at or task.skipped_at
    if finished is None or task.recurrence is None or await _has_successor(changes, task):
        return
    following = series.next_occurrence(task, finished=finished)
    if following is None:
        return
    successor = Task(
        id=new_id(),
        **{name: getattr(task, name) for name in CARRIED_OVER},
        completed=False,
        scheduled_for=following.scheduled.isoformat(),
        occurrence=following.number,
        parent_task_id=task.id,
        tags=list(task.tags),
        version=1,
        created_at=changes.now,
        updated_at=changes.now,
    )
    series.set_due(successor, Due.at_wall(following.scheduled, task.timezone, all_day=task.all_day))
    if found := series.of_task(successor):
        series.keep_next(successor, found, now=changes.now)
    changes.session.add(successor)
    await changes.session.flush()
    await reminders.copy(changes, reminded(task), reminded(successor))
    await announce_created(changes, Edit(successor), limited=False)


async def _has_successor(changes: UserChanges, task: Task) -> bool:
    """Whether the series went on already: after this occurrence, or with one that is open."""
    later = select(col(Task.id)).where(
        col(Task.user_id) == task.user_id,
        (col(Task.parent_task_id) == task.id)
        | (
            (col(Task.series_id) == task.series_id)
            & col(Task.completed).is_(False)
            & col(Task.skipped_at).is_(None)
        ),
    )
    return await changes.session.scalar(later.limit(1)) is not None


async def _withdraw_later_occurrence(changes: UserChanges, task: Task) -> None:
    if task.series_id is None:
        return
    later = await changes.session.scalar(
        select(Task)
        .where(
            col(Task.user_id) == task.user_id, col(Task.series_id) == task.series_id, col(Task.id) != task.id
        )
        .where(
            (col(Task.parent_task_id) == task.id)
            | (col(Task.completed).is_(False) & col(Task.skipped_at).is_(None))
        )
        .options(selectinload(col(Task.tags)))
    )
    if later is None:
        return
    if later.parent_task_id != task.id or not later.is_open or later.version > 1:
        raise LaterOccurrenceExists(task.id, later.id)
    await announce_deleted(changes, later)
    await reminders.cancel_all(changes, later.id)
    await changes.session.delete(later)
    await changes.session.flush()
