"""A repeating task's place in its series: from stored columns to the recurrence engine and back."""

from dataclasses import dataclass
from datetime import datetime

from todoapp.features.tasks.due import Due
from todoapp.features.tasks.errors import InvalidTaskRecurrence
from todoapp.features.tasks.model import StoredTask, Task
from todoapp.features.tasks.recurrence.inputs import read_form
from todoapp.features.tasks.recurrence.rule import (
    InvalidRecurrence,
    Occurrence,
    Recurrence,
    Series,
    first_due,
    next_due,
    recurrence_from,
)

__all__ = ["begin", "due", "end", "next_occurrence", "repeat", "set_due"]


def due(task: Task) -> Due | None:
    return Due(task.due_at, task.all_day, task.timezone) if task.due_at else None


def set_due(task: Task, due: Due | None) -> None:
    """Move one occurrence, or take its date away. The series keeps the place that the rule gave it."""
    task.due_at = due.at if due else None
    task.all_day = due.all_day if due else False
    task.overdue_at = due.overdue_at if due else None


def repeat(task: Task, wanted: object, *, now: datetime) -> str | None:
    """Make a task repeat; a series that has this rule already goes on unchanged.

    Returns:
        A sentence for the person whose task was given a date; else None.

    Raises:
        InvalidTaskRecurrence
    """
    beginning = _beginning(task, wanted, now=now)
    if task.due_at is not None and beginning.stored_rule == task.recurrence:
        return None
    return _begin(task, beginning)


def begin(task: Task, wanted: object, *, now: datetime) -> str | None:
    """Start a series at the task's date, giving it one when it has none.

    Returns:
        A sentence for the person whose task was given a date; else None.

    Raises:
        InvalidTaskRecurrence
    """
    return _begin(task, _beginning(task, wanted, now=now))


def end(task: Task) -> None:
    """Let this occurrence be the last."""
    task.recurrence = None
    task.series_start = task.scheduled_for = None


def next_occurrence(task: StoredTask, *, finished: datetime) -> Occurrence | None:
    """The occurrence after this one if it is finished at the given instant; None when none follows."""
    if task.recurrence is None or task.series_start is None or task.scheduled_for is None:
        return None
    series = Series(
        Recurrence.stored(**task.recurrence), datetime.fromisoformat(task.series_start), task.timezone
    )
    return next_due(
        series,
        scheduled=datetime.fromisoformat(task.scheduled_for),
        number=task.occurrence,
        finished=finished,
    )


@dataclass(frozen=True)
class _Beginning:
    """What a task needs to be the first of a series."""

    rule: Recurrence
    due: Due
    notice: str | None

    @property
    def stored_rule(self) -> dict[str, str]:
        stored: dict[str, str] = self.rule.model_dump(mode="json")
        return stored


def _beginning(task: Task, wanted: object, *, now: datetime) -> _Beginning:
    """Read once what was wanted, with what a shorthand leaves to the task's date.

    Raises:
        InvalidTaskRecurrence
    """
    zone, date, notice = task.timezone, due(task), None
    try:
        form = read_form(wanted, zone=zone)
        if date is None:
            first = first_due(recurrence_from(form, due=None, zone=zone), zone=zone, now=now)
            date = Due(first.due, all_day=False, zone=zone)
            notice = (
                f"A repeating task needs a date, so this one is due on "
                f"{first.scheduled:%Y-%m-%d at %H:%M} ({zone})."
            )
        return _Beginning(recurrence_from(form, due=date.wall, zone=zone), date, notice)
    except InvalidRecurrence as error:
        raise InvalidTaskRecurrence(str(error)) from error


def _begin(task: Task, beginning: _Beginning) -> str | None:
    set_due(task, beginning.due)
    task.recurrence = beginning.stored_rule
    task.series_id = task.series_id or task.id
    task.series_start = task.scheduled_for = beginning.due.wall.isoformat()
    task.occurrence = 1
    return beginning.notice
