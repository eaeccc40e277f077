"""Reminders as parts of a task: an answer about the task shows them, so its version rises with them."""

from collections.abc import Sequence
from uuid import UUID

from todoapp.features.reminders import service as reminders
from todoapp.features.reminders.errors import InvalidReminder
from todoapp.features.reminders.inputs import NewReminder
from todoapp.features.reminders.model import Reminder
from todoapp.features.tasks.editing import editing
from todoapp.features.tasks.errors import OccurrenceClosed
from todoapp.features.tasks.model import Task
from todoapp.messaging.outbox import UserChanges

__all__ = [
    "add_reminder",
    "add_reminders",
    "change_reminder",
    "remove_reminder",
    "replace_reminders",
]


async def add_reminder(changes: UserChanges, task: Task, wanted: NewReminder) -> Reminder:
    """Add a reminder to an open task.

    Raises:
        InvalidReminder, OccurrenceClosed
    """
    _check_open(task)
    async with editing(changes, task):
        return await _add(changes, task, wanted)


async def add_reminders(changes: UserChanges, task: Task, wanted: Sequence[NewReminder]) -> None:
    """Add reminders within a wider change of the task.

    Raises:
        InvalidReminder
    """
    for index, each in enumerate(wanted):
        try:
            await _add(changes, task, each)
        except InvalidReminder as error:
            raise error.within(f"/reminders/{index}") from error


async def replace_reminders(changes: UserChanges, task: Task, wanted: Sequence[NewReminder]) -> None:
    """Give a task other reminders within a wider change of it; those that are wanted again stay.

    Raises:
        InvalidReminder
    """
    missing = list(wanted)
    for reminder in (await reminders.of_tasks(changes.session, [task.id])).get(task.id, []):
        same = NewReminder(offset_minutes=reminder.offset_minutes, remind_at=reminder.remind_at)
        if same in missing:
            missing.remove(same)
        else:
            await reminders.remove(changes, reminder)
    await add_reminders(changes, task, missing)


async def change_reminder(
    changes: UserChanges, task: Task, reminder_id: UUID, wanted: NewReminder
) -> Reminder:
    """Set when a reminder of an open task fires; one that fired or was cancelled is scheduled again.

    Raises:
        ReminderNotFound, InvalidReminder, OccurrenceClosed
    """
    _check_open(task)
    reminder = await reminders.get(changes.session, changes.user_id, reminder_id, task_id=task.id)
    async with editing(changes, task):
        await reminders.change(
            changes,
            reminder,
            task_title=task.title,
            task_due=task.due_at,
            offset_minutes=wanted.offset_minutes,
            remind_at=wanted.remind_at,
        )
    return reminder


async def remove_reminder(changes: UserChanges, task: Task, reminder_id: UUID) -> None:
    """Take a reminder off a task.

    Raises:
        ReminderNotFound
    """
    reminder = await reminders.get(changes.session, changes.user_id, reminder_id, task_id=task.id)
    async with editing(changes, task):
        await reminders.remove(changes, reminder)


async def _add(changes: UserChanges, task: Task, wanted: NewReminder) -> Reminder:
    return await reminders.add(
        changes,
        task_id=task.id,
        task_title=task.title,
        task_due=task.due_at,
        offset_minutes=wanted.offset_minutes,
        remind_at=wanted.remind_at,
    )


def _check_open(task: Task) -> None:
    if not task.is_open:
        raise OccurrenceClosed(task.id, "completed" if task.completed else "skipped")
