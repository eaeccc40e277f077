"""Reminders as parts of a task: an answer about the task shows them, so its version rises with them."""

from uuid import UUID

from todoapp.features.reminders import service as reminders
from todoapp.features.reminders.inputs import NewReminder
from todoapp.features.reminders.model import Reminder
from todoapp.features.reminders.service import RemindedTask
from todoapp.features.tasks.editing import editing
from todoapp.features.tasks.errors import OccurrenceClosed
from todoapp.features.tasks.model import Task
from todoapp.messaging.outbox import UserChanges

__all__ = ["add_reminder", "change_reminder", "move_reminders", "reminded", "remove_reminder"]


def reminded(task: Task) -> RemindedTask:
    return RemindedTask(task.id, task.title, task.due_at, task.is_open)


async def move_reminders(changes: UserChanges, task: Task) -> None:
    """Let a task's reminders follow its date and state."""
    await reminders.follow_task(changes, reminded(task))


async def add_reminder(changes: UserChanges, task: Task, wanted: NewReminder) -> Reminder:
    """Add a reminder to an open task.

    Raises:
        InvalidReminder, OccurrenceClosed
    """
    _check_open(task)
    async with editing(changes, task):
        return await reminders.add(changes, reminded(task), wanted)


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
        await reminders.change(changes, reminder, reminded(task), wanted)
    return reminder


async def remove_reminder(changes: UserChanges, task: Task, reminder_id: UUID) -> None:
    """Take a reminder off a task.

    Raises:
        ReminderNotFound
    """
    reminder = await reminders.get(changes.session, changes.user_id, reminder_id, task_id=task.id)
    async with editing(changes, task):
        await reminders.remove(changes, reminder)


def _check_open(task: Task) -> None:
    if not task.is_open:
        raise OccurrenceClosed(task.id, "completed" if task.completed else "skipped")
