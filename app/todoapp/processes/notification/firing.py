"""Firing a reminder once, even if several callers ask."""

import logging
from uuid import UUID

from todoapp.features.notifications import service as notifications
from todoapp.features.reminders import service as reminders
from todoapp.features.reminders.events import ReminderTriggered
from todoapp.features.reminders.model import Reminder
from todoapp.features.tasks.editing import editing, load_task
from todoapp.features.tasks.model import Task
from todoapp.kit.telemetry import bind, current_traceparent
from todoapp.kit.wall_time import wall_time
from todoapp.messaging.outbox import Origin, UnknownUser, UserChanges
from todoapp.processes.runtime import Runtime

__all__ = ["fire"]

logger = logging.getLogger(__name__)


async def fire(runtime: Runtime, user_id: UUID, reminder_id: UUID) -> Reminder | None:
    """Let a reminder fire if it is due: its state, notification and event in one transaction.

    The user's row is locked until then. Of two callers the second finds that it has fired.

    Returns:
        The reminder as it is then; None if it or its owner is gone.
    """
    origin = Origin("system", runtime.now(), current_traceparent())
    fired = False
    try:
        async with runtime.outbox.changes(user_id, origin) as changes:
            reminder = await reminders.find(changes.session, user_id, reminder_id)
            if reminder is not None and reminders.is_due(reminder, changes.now):
                fired = await _fire(changes, reminder)
    except UnknownUser:
        return None
    if fired and reminder is not None:
        late_seconds = (runtime.now() - reminder.due_at).total_seconds()
        runtime.metrics.reminder_lateness_seconds.observe(late_seconds)
        logger.info("Reminder fired", extra={"reminder_id": reminder_id, "late_seconds": late_seconds})
    return reminder


async def _fire(changes: UserChanges, reminder: Reminder) -> bool:
    bind(user_id=changes.user_id, task_id=reminder.task_id)
    task = await load_task(changes.session, changes.user_id, reminder.task_id)
    async with editing(changes, task):  # an answer about a task shows its reminders
        fired = await reminders.trigger(changes, reminder)
    if fired:
        notification = await notifications.tell_of_reminder(
            changes,
            task_id=task.id,
            reminder_id=reminder.id,
            reminder_due_at=reminder.due_at,
            message=_message(task),
        )
        changes.record(
            ReminderTriggered(
                user_id=changes.user_id,
                task_id=task.id,
                reminder_id=reminder.id,
                task_title=task.title,
                due_at=reminder.due_at,
                triggered_at=changes.now,
                notification_id=notification.id,
            )
        )
    return fired


def _message(task: Task) -> str:
    if task.due_at is None:
        return task.title
    due = wall_time(task.due_at, task.timezone)
    when = f"{due:%Y-%m-%d}" if task.all_day else f"{due:%Y-%m-%d at %H:%M}"
    return f"{task.title} (due on {when}, {task.timezone})"
