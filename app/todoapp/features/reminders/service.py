"""Setting reminders, letting them follow their task, and firing them.

Every change happens under the lock that `UserChanges` holds on the user's row, so two callers
never work on one reminder at once.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from todoapp.features.reminders.errors import InvalidReminder, ReminderNotFound, TooManyReminders
from todoapp.features.reminders.events import ReminderCancelled, ReminderScheduled
from todoapp.features.reminders.inputs import NewReminder
from todoapp.features.reminders.model import Reminder, ReminderStatus
from todoapp.features.reminders.view import ReminderView
from todoapp.kit.database import col
from todoapp.messaging.event import Action
from todoapp.messaging.outbox import UserChanges

__all__ = [
    "RemindedTask",
    "add",
    "add_all",
    "cancel_all",
    "change",
    "copy",
    "find",
    "find_all",
    "first_of_task",
    "follow_task",
    "get",
    "is_due",
    "overdue",
    "remove",
    "replace_all",
    "trigger",
    "withdraw_all",
]

MOST_PER_TASK = 20
TOO_LATE = timedelta(days=1)
"""A reminder fires late rather than never, but not when it is older than this."""


@dataclass(frozen=True)
class RemindedTask:
    """What reminders need to know about a task."""

    id: UUID
    title: str
    due_at: datetime | None
    is_open: bool


async def add(changes: UserChanges, task: RemindedTask, wanted: NewReminder) -> Reminder:
    """Set a reminder. One for an instant of the last day fires at once.

    Raises:
        InvalidReminder: an offset without a date of the task, or an instant longer ago than a day.
        TooManyReminders
    """
    due_at = _wanted_instant(task, wanted, now=changes.now)
    if len(await _of_task(changes.session, task.id)) >= MOST_PER_TASK:
        raise TooManyReminders(task.id, MOST_PER_TASK)
    reminder = _new(
        changes, task.id, due_at=due_at, offset_minutes=wanted.offset_minutes, remind_at=wanted.remind_at
    )
    await _tell_scheduled(changes, reminder, task.title, "created")
    return reminder


async def add_all(changes: UserChanges, task: RemindedTask, wanted: Sequence[NewReminder]) -> None:
    """Set several reminders.

    Raises:
        InvalidReminder: names the reminder by its position in `wanted`.
        TooManyReminders
    """
    await _add_numbered(changes, task, dict(enumerate(wanted)))


async def replace_all(changes: UserChanges, task: RemindedTask, wanted: Sequence[NewReminder]) -> None:
    """Give a task these reminders instead of its own; those that it has already stay as they are.

    Raises:
        InvalidReminder: names the reminder by its position in `wanted`.
        TooManyReminders
    """
    missing = dict(enumerate(wanted))
    for reminder in await _of_task(changes.session, task.id):
        same = NewReminder(offset_minutes=reminder.offset_minutes, remind_at=reminder.remind_at)
        position = next((position for position, new in missing.items() if new == same), None)
        if position is None:
            await remove(changes, reminder)
        else:
            del missing[position]
    await _add_numbered(changes, task, missing)


async def change(
    changes: UserChanges, reminder: Reminder, task: RemindedTask, wanted: NewReminder
) -> Reminder:
    """Set a reminder to another instant; one that fired or was cancelled is scheduled again.

    Nothing happens when it says the same already and has fired or still will.

    Raises:
        InvalidReminder: an offset without a date of the task, or an instant longer ago than a day.
    """
    if (
        reminder.status in {ReminderStatus.SCHEDULED, ReminderStatus.TRIGGERED}
        and reminder.offset_minutes == wanted.offset_minutes
        and reminder.remind_at == wanted.remind_at
    ):
        return reminder
    due_at = _wanted_instant(task, wanted, now=changes.now)
    reminder.offset_minutes = wanted.offset_minutes
    reminder.remind_at = wanted.remind_at
    await _schedule(changes, reminder, task.title, due_at)
    return reminder


async def remove(changes: UserChanges, reminder: Reminder) -> None:
    if reminder.status == ReminderStatus.SCHEDULED:
        _record_cancelled(changes, reminder)
    await changes.session.delete(reminder)
    await changes.session.flush()
    changes.announce("reminder", "deleted", reminder.id)


async def cancel_all(changes: UserChanges, task_id: UUID) -> None:
    """Remove a task's reminders, before the task itself goes."""
    for reminder in await _of_task(changes.session, task_id):
        await remove(changes, reminder)


async def withdraw_all(changes: UserChanges) -> None:
    """Announce that none of the user's reminders will fire, before they go with the account."""
    scheduled = select(Reminder).where(
        col(Reminder.user_id) == changes.user_id, col(Reminder.status) == ReminderStatus.SCHEDULED
    )
    for reminder in await changes.session.scalars(scheduled):
        _record_cancelled(changes, reminder)


async def follow_task(changes: UserChanges, task: RemindedTask) -> bool:
    """Bring a task's reminders in line after it was closed, reopened, moved or lost its date.

    They are cancelled with the task, move with its date, and come back with it if their instant
    is still ahead. One that fired fires again when its task is moved so that it lies ahead.

    Returns:
        Whether any reminder changed.
    """
    changed = False
    for reminder in await _of_task(changes.session, task.id):
        wanted = _instant_of(reminder, task.due_at)
        if not task.is_open or wanted is None:
            if reminder.status == ReminderStatus.SCHEDULED:
                await _cancel(changes, reminder)
                changed = True
        elif _is_to_be_scheduled(reminder, wanted, changes.now):
            await _schedule(changes, reminder, task.title, wanted)
            changed = True
    return changed


async def copy(changes: UserChanges, task: RemindedTask, successor: RemindedTask) -> None:
    """Give the next occurrence the reminders of this one, those that fired included.

    Those at a fixed instant move by the same distance as the date. If a task has no date, none is copied.
    """
    if task.due_at is None or successor.due_at is None:
        return
    for original in await _of_task(changes.session, task.id):
        offset, remind_at = original.offset_minutes, original.remind_at
        if remind_at is not None:
            remind_at += successor.due_at - task.due_at
        due_at = remind_at or successor.due_at - timedelta(minutes=offset or 0)
        reminder = _new(changes, successor.id, due_at=due_at, offset_minutes=offset, remind_at=remind_at)
        await _tell_scheduled(changes, reminder, successor.title, "created")


def is_due(reminder: Reminder, now: datetime) -> bool:
    """Whether it is time to `trigger` the reminder; never again afterwards, unless it is set again."""
    return reminder.status == ReminderStatus.SCHEDULED and reminder.due_at <= now


async def trigger(changes: UserChanges, reminder: Reminder) -> bool:
    """Let a reminder that is due fire. One that was due more than a day ago fails instead.

    Returns:
        Whether it fired; then the caller stores what to tell and records `ReminderTriggered`.
    """
    if changes.now - reminder.due_at > TOO_LATE:
        reminder.status = ReminderStatus.FAILED
    else:
        reminder.status = ReminderStatus.TRIGGERED
        reminder.triggered_at = changes.now
    await _announce(changes, reminder, "updated")
    return reminder.status == ReminderStatus.TRIGGERED


async def find(session: AsyncSession, user_id: UUID, reminder_id: UUID) -> Reminder | None:
    found: Reminder | None = await session.scalar(
        select(Reminder).where(col(Reminder.id) == reminder_id, col(Reminder.user_id) == user_id)
    )
    return found


async def find_all(
    session: AsyncSession, user_id: UUID, reminder_ids: Collection[UUID]
) -> dict[UUID, Reminder]:
    """Those of the reminders that exist and are the user's."""
    theirs = select(Reminder).where(col(Reminder.id).in_(reminder_ids), col(Reminder.user_id) == user_id)
    return {reminder.id: reminder for reminder in await session.scalars(theirs)}


async def get(session: AsyncSession, user_id: UUID, reminder_id: UUID, *, task_id: UUID) -> Reminder:
    """One reminder of a task of the user.

    Raises:
        ReminderNotFound
    """
    reminder = await find(session, user_id, reminder_id)
    if reminder is None or reminder.task_id != task_id:
        raise ReminderNotFound(reminder_id)
    return reminder


async def first_of_task(session: AsyncSession, task_id: UUID) -> Reminder | None:
    """The reminder of a task that fires before its others."""
    return next(iter(await _of_task(session, task_id)), None)


async def overdue(session: AsyncSession, *, before: datetime, limit: int) -> list[tuple[UUID, UUID]]:
    """The scheduled reminders of all users that were due before an instant, oldest first.

    Returns:
        Pairs of user id and reminder id.
    """
    found = await session.execute(
        select(col(Reminder.user_id), col(Reminder.id))
        .where(col(Reminder.status) == ReminderStatus.SCHEDULED, col(Reminder.due_at) < before)
        .order_by(col(Reminder.due_at))
        .limit(limit)
    )
    return [(user_id, reminder_id) for user_id, reminder_id in found]


async def _of_task(session: AsyncSession, task_id: UUID) -> Sequence[Reminder]:
    """A task's reminders, to be changed, those that fire first in front."""
    found = await session.scalars(
        select(Reminder)
        .where(col(Reminder.task_id) == task_id)
        .order_by(col(Reminder.due_at), col(Reminder.id))
    )
    return found.all()


async def _add_numbered(changes: UserChanges, task: RemindedTask, wanted: Mapping[int, NewReminder]) -> None:
    for position, new in wanted.items():
        try:
            await add(changes, task, new)
        except InvalidReminder as error:
            raise error.within(f"/reminders/{position}") from error


def _wanted_instant(task: RemindedTask, wanted: NewReminder, *, now: datetime) -> datetime:
    if wanted.remind_at is not None:
        field, due_at = "remind_at", wanted.remind_at
    elif task.due_at is None:
        raise InvalidReminder(
            "offset_minutes", "The task has no date to be reminded before; give it one, or send remind_at."
        )
    else:
        field, due_at = "offset_minutes", task.due_at - timedelta(minutes=wanted.offset_minutes or 0)
    if now - due_at > TOO_LATE:
        raise InvalidReminder(
            field, f"The reminder would have been due on {due_at:%Y-%m-%d at %H:%M} UTC, more than a day ago."
        )
    return due_at


def _instant_of(reminder: Reminder, task_due: datetime | None) -> datetime | None:
    if reminder.remind_at is not None:
        return reminder.remind_at
    if task_due is None:
        return None
    return task_due - timedelta(minutes=reminder.offset_minutes or 0)


def _is_to_be_scheduled(reminder: Reminder, wanted: datetime, now: datetime) -> bool:
    moved = reminder.due_at != wanted
    match ReminderStatus(reminder.status):
        case ReminderStatus.SCHEDULED:
            return moved
        case ReminderStatus.CANCELLED:
            return wanted > now
        case ReminderStatus.TRIGGERED | ReminderStatus.FAILED:
            return moved and wanted > now


def _new(
    changes: UserChanges,
    task_id: UUID,
    *,
    due_at: datetime,
    offset_minutes: int | None,
    remind_at: datetime | None,
) -> Reminder:
    reminder = Reminder(
        user_id=changes.user_id,
        task_id=task_id,
        offset_minutes=offset_minutes,
        remind_at=remind_at,
        due_at=due_at,
        status=ReminderStatus.SCHEDULED.value,
        created_at=changes.now,
        updated_at=changes.now,
    )
    changes.session.add(reminder)
    return reminder


async def _schedule(changes: UserChanges, reminder: Reminder, task_title: str, due_at: datetime) -> None:
    reminder.due_at = due_at
    reminder.status = ReminderStatus.SCHEDULED
    reminder.triggered_at = None
    await _tell_scheduled(changes, reminder, task_title, "updated")


async def _tell_scheduled(changes: UserChanges, reminder: Reminder, task_title: str, action: Action) -> None:
    await _announce(changes, reminder, action)
    changes.record(
        ReminderScheduled(
            user_id=changes.user_id,
            task_id=reminder.task_id,
            reminder_id=reminder.id,
            task_title=task_title,
            due_at=reminder.due_at,
        )
    )


async def _cancel(changes: UserChanges, reminder: Reminder) -> None:
    reminder.status = ReminderStatus.CANCELLED
    await _announce(changes, reminder, "updated")
    _record_cancelled(changes, reminder)


def _record_cancelled(changes: UserChanges, reminder: Reminder) -> None:
    changes.record(
        ReminderCancelled(user_id=changes.user_id, task_id=reminder.task_id, reminder_id=reminder.id)
    )


async def _announce(changes: UserChanges, reminder: Reminder, action: Action) -> None:
    if action == "updated":
        reminder.version += 1
        reminder.updated_at = changes.now
    await changes.session.flush()  # fills in what the database or a default sets
    changes.announce("reminder", action, reminder.id, ReminderView.model_validate(reminder).as_value())
