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
    last_counted,
    next_due,
    recurrence_from,
)
from todoapp.kit.pools import SharedPool

__all__ = [
    "SEARCHES",
    "begin",
    "due",
    "end",
    "keep_next",
    "needs_search",
    "next_due_at",
    "next_occurrence",
    "of_task",
    "place",
    "repeat",
    "set_due",
]

SEARCHES = SharedPool("dates", 2)
"""Where lists and previews search for dates."""


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
        start = datetime.fromisoformat(str(task.series_start))
        keep_next(
            task, Series(beginning.rule, start, task.timezone), now=now
        )  # in a time zone that may be new
        return None
    return _begin(task, beginning, now=now)


def begin(task: Task, wanted: object, *, now: datetime) -> str | None:
    """Start a series at the task's date, giving it one when it has none.

    Returns:
        A sentence for the person whose task was given a date; else None.

    Raises:
        InvalidTaskRecurrence
    """
    return _begin(task, _beginning(task, wanted, now=now), now=now)


def end(task: Task) -> None:
    """Let this occurrence be the last."""
    task.recurrence = None
    task.series_start = task.series_last = task.scheduled_for = task.next_due_at = None


def place(task: Task, found: Series, *, scheduled: datetime, now: datetime) -> None:
    """Put a task where it stands in its series, at the wall time of its own date."""
    task.series_start, task.scheduled_for = found.start.isoformat(), scheduled.isoformat()
    last = last_counted(found)
    task.series_last = last.isoformat() if last is not None else None
    keep_next(task, found, now=now)


def keep_next(task: Task, found: Series, *, now: datetime) -> None:
    """Store when the task would be due again, unless that depends on the day of its completion."""
    following = None
    if found.rule.basis == "due":
        scheduled = datetime.fromisoformat(str(task.scheduled_for))
        following = next_due(found, scheduled=scheduled, number=task.occurrence, finished=now)
    task.next_due_at = following.due if following else None


def next_occurrence(task: StoredTask, *, finished: datetime) -> Occurrence | None:
    """The occurrence after this one if it is finished at the given instant; None when none follows."""
    found = of_task(task)
    if found is None or task.scheduled_for is None:
        return None
    return next_due(
        found,
        scheduled=datetime.fromisoformat(task.scheduled_for),
        number=task.occurrence,
        finished=finished,
    )


def of_task(task: StoredTask) -> Series | None:
    """The series of a repeating task, as it is stored."""
    if task.recurrence is None or task.series_start is None:
        return None
    return Series(
        Recurrence.stored(**task.recurrence),
        datetime.fromisoformat(task.series_start),
        task.timezone,
        last=datetime.fromisoformat(task.series_last) if task.series_last is not None else None,
    )


def next_due_at(task: StoredTask, *, now: datetime) -> datetime | None:
    """When an open task would be due again if it were completed `now`; None when none follows."""
    if task.next_due_at is not None and task.next_due_at > now:
        return task.next_due_at
    following = next_occurrence(task, finished=now)
    return following.due if following else None


def needs_search(task: StoredTask, *, now: datetime) -> bool:
    """Whether a view of the task has to search for it: none is stored, or the stored one has passed."""
    is_open = not task.completed and task.skipped_at is None
    is_known = task.next_due_at is not None and task.next_due_at > now
    return task.recurrence is not None and is_open and not is_known


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


def _begin(task: Task, beginning: _Beginning, *, now: datetime) -> str | None:
    set_due(task, beginning.due)
    task.recurrence = beginning.stored_rule
    task.series_id = task.series_id or task.id
    task.occurrence = 1
    wall = beginning.due.wall
    place(task, Series(beginning.rule, wall, task.timezone), scheduled=wall, now=now)
    return beginning.notice
