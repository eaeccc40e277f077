"""A repeating task's place in its series: from stored columns to the recurrence engine and back."""

from datetime import datetime
from typing import Any

from todoapp.features.tasks.due import Due
from todoapp.features.tasks.errors import InvalidTaskRecurrence
from todoapp.features.tasks.model import StoredTask, Task
from todoapp.features.tasks.recurrence.rule import (
    InvalidRecurrence,
    Occurrence,
    Recurrence,
    Series,
    first_due,
    next_due,
    parse_recurrence,
)

__all__ = ["begin", "due", "end", "following", "repeat", "set_due"]


def due(task: Task) -> Due | None:
    return Due(task.due_at, task.all_day, task.timezone) if task.due_at else None


def set_due(task: Task, due: Due | None) -> None:
    """Move one occurrence, or take its date away. The series keeps the place that the rule gave it."""
    task.due_at = due.at if due else None
    task.all_day = due.all_day if due else False
    task.overdue_at = due.overdue_at if due else None


def repeat(task: Task, wanted: object, *, now: datetime) -> str | None:
    """Make a task repeat; a series that has this rule already goes on unchanged.

    Returns, raises:
        as `begin`
    """
    if task.due_at is not None and _parse(task, wanted) == task.recurrence:
        return None
    return begin(task, wanted, now=now)


def begin(task: Task, wanted: object, *, now: datetime) -> str | None:
    """Start a series at the task's date, giving it one when it has none.

    Returns:
        A sentence for the person whose task was given a date; else None.

    Raises:
        InvalidTaskRecurrence
    """
    notice = None
    date = due(task)
    if date is None:
        first = _first(task, wanted, now=now)
        date = Due(first.due, all_day=False, zone=task.timezone)
        set_due(task, date)
        notice = (
            f"A repeating task needs a date, so this one is due on "
            f"{first.scheduled:%Y-%m-%d at %H:%M} ({task.timezone})."
        )
    task.recurrence = _parse(task, wanted)
    task.series_id = task.series_id or task.id
    task.series_start = task.scheduled_for = date.wall.isoformat()
    task.occurrence = 1
    return notice


def end(task: Task) -> None:
    """Let this occurrence be the last."""
    task.recurrence = None
    task.series_start = task.scheduled_for = None


def following(task: StoredTask, *, finished: datetime) -> Occurrence | None:
    """The occurrence after this one if it is finished at the given instant; None when none follows."""
    if task.recurrence is None or task.series_start is None or task.scheduled_for is None:
        return None
    series = Series(
        Recurrence.model_validate(task.recurrence), datetime.fromisoformat(task.series_start), task.timezone
    )
    return next_due(
        series,
        scheduled=datetime.fromisoformat(task.scheduled_for),
        number=task.occurrence,
        finished=finished,
    )


def _first(task: Task, wanted: object, *, now: datetime) -> Occurrence:
    try:
        return first_due(parse_recurrence(wanted, zone=task.timezone), zone=task.timezone, now=now)
    except InvalidRecurrence as error:
        raise InvalidTaskRecurrence(str(error)) from error


def _parse(task: Task, wanted: object) -> dict[str, Any]:
    """The stored form of what was wanted, with what a shorthand leaves to the task's date."""
    date = due(task)
    try:
        rule = parse_recurrence(wanted, due=date.wall if date else None, zone=task.timezone)
    except InvalidRecurrence as error:
        raise InvalidTaskRecurrence(str(error)) from error
    return rule.model_dump(mode="json", exclude_none=True)
