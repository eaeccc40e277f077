"""Creating, changing and deleting a task."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from todoapp.features.accounts import service as accounts
from todoapp.features.reminders import service as reminders
from todoapp.features.tasks import labels, occurrences, series
from todoapp.features.tasks.due import changed_due
from todoapp.features.tasks.editing import Edit, announce_created, announce_deleted, editing
from todoapp.features.tasks.inputs import NewTask, TagAssignment, TaskPatch
from todoapp.features.tasks.model import PLAIN_FIELDS, Tag, Task
from todoapp.features.tasks.past import BEGINS_NOW, Past
from todoapp.features.tasks.task_reminders import move_reminders, reminded
from todoapp.features.tasks.view import TaskView
from todoapp.kit.database import new_id
from todoapp.messaging.outbox import UserChanges

__all__ = ["add_tag", "create_task", "delete_task", "patch_task", "remove_tag", "replace_task"]

DATE_FIELDS = {"timezone", "due_at", "due_date", "all_day", "recurrence"}
"""Fields that depend on each other; without any of them a task's dates and its rule are not looked at."""


async def create_task(
    changes: UserChanges, new: NewTask, *, task_id: UUID | None = None, past: Past = BEGINS_NOW
) -> TaskView:
    """Add a task, with its tags, series and reminders.

    Args:
        task_id: one that no task has; by default a new one.
        past: what the task has been through before it came here.

    Raises:
        ContradictoryDue, InvalidTaskRecurrence, UnknownCategory, InvalidReminder
    """
    task = Task(
        id=task_id or new_id(),
        user_id=changes.user_id,
        title=new.title,
        position=float(changes.seq + 1),
        timezone="UTC",
        completed=False,
        occurrence=1,
        tags=[],
        version=1,
        created_at=changes.now,
        updated_at=changes.now,
    )
    edit = Edit(task)
    await _write_fields(changes, edit, new.model_dump(exclude=_not_written(new)))
    past.apply(task)
    changes.session.add(task)
    await changes.session.flush()
    await reminders.add_all(changes, reminded(task), new.reminders or ())
    await announce_created(changes, edit)
    return edit.view(changes)


async def replace_task(changes: UserChanges, task: Task, new: NewTask) -> TaskView:
    """Give every writable field the value sent or its default; reminders stay unless they are sent.

    Raises:
        ContradictoryDue, InvalidTaskRecurrence, UnknownCategory, InvalidReminder
    """
    async with editing(changes, task) as edit:
        await _rewrite_fields(changes, edit, new.model_dump(exclude=_not_written(new)))
        if new.reminders is not None:
            await reminders.replace_all(changes, reminded(task), new.reminders)
            await move_reminders(changes, task)
    return edit.view(changes)


async def patch_task(changes: UserChanges, task: Task, patch: TaskPatch) -> TaskView:
    """Change the fields that were sent.

    Raises:
        ContradictoryDue, InvalidTaskRecurrence, UnknownCategory, LaterOccurrenceExists, OccurrenceClosed
    """
    async with editing(changes, task) as edit:
        fields = patch.model_dump(exclude_unset=True)
        completed = fields.pop("completed", task.completed)
        await _rewrite_fields(changes, edit, fields)
        if completed and not task.completed:
            await occurrences.complete(changes, edit)
        elif task.completed and not completed:
            await occurrences.reopen(changes, edit)
    return edit.view(changes)


async def delete_task(changes: UserChanges, task: Task) -> None:
    """Delete one task. The open occurrence of a series takes the series with it; a closed one does not."""
    await occurrences.create_next(changes, task)
    await announce_deleted(changes, task)
    await reminders.cancel_all(changes, task.id)
    await changes.session.delete(task)
    await changes.session.flush()


async def add_tag(changes: UserChanges, task: Task, wanted: TagAssignment) -> TaskView:
    """Put a tag on a task; one that it has already changes nothing.

    Raises:
        TagNotFound
    """
    async with editing(changes, task) as edit:
        if wanted.id is not None:
            tag = await labels.own(changes.session, Tag, changes.user_id, wanted.id)
        else:
            [tag] = await labels.named(changes, Tag, [str(wanted.name)])
        if tag not in task.tags:
            task.tags = [*task.tags, tag]
    return edit.view(changes)


async def remove_tag(changes: UserChanges, task: Task, tag_id: UUID) -> TaskView:
    """Take a tag off a task.

    Raises:
        TagNotFound
    """
    tag = await labels.own(changes.session, Tag, changes.user_id, tag_id)
    async with editing(changes, task) as edit:
        task.tags = [each for each in task.tags if each is not tag]
    return edit.view(changes)


def _not_written(new: NewTask) -> set[str]:
    """Reminders are rows of their own; a position that was not sent is not a new one."""
    return {"reminders"} if new.position is not None else {"reminders", "position"}


async def _rewrite_fields(changes: UserChanges, edit: Edit, fields: Mapping[str, Any]) -> None:
    """Set the given fields of a task that exists; its reminders move along."""
    due_before, title_before = edit.task.due_at, edit.task.title
    await _write_fields(changes, edit, fields)
    if (edit.task.due_at, edit.task.title) != (due_before, title_before):
        await move_reminders(changes, edit.task)


async def _write_fields(changes: UserChanges, edit: Edit, fields: Mapping[str, Any]) -> None:
    """Set the given fields of a task; None clears."""
    task = edit.task
    for name in PLAIN_FIELDS:
        if name in fields:
            cleared = NewTask.model_fields[name].default
            setattr(task, name, cleared if fields[name] is None else fields[name])
    if "priority" in fields:
        task.priority = fields["priority"].rank if fields["priority"] else 0
    if "category_id" in fields:
        await labels.check_category(changes, fields["category_id"])
        task.category_id = fields["category_id"]
    if "tags" in fields:
        task.tags = await labels.named(changes, Tag, fields["tags"] or [])
    await _write_dates(changes, edit, fields)


async def _write_dates(changes: UserChanges, edit: Edit, fields: Mapping[str, Any]) -> None:
    if DATE_FIELDS.isdisjoint(fields):
        return
    task = edit.task
    current = series.due(task)
    if "timezone" in fields:
        user = await accounts.get_user(changes.session, changes.user_id)
        task.timezone = fields["timezone"] or user.timezone
    series.set_due(task, changed_due(current, fields, zone=task.timezone))
    rule = fields.get("recurrence", task.recurrence)
    if rule is None:
        series.end(task)
    elif notice := series.repeat(task, rule, now=changes.now):
        edit.notices.append(notice)
