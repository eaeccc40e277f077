"""The dates that a repeating task will have, with what is unusual about each."""

from calendar import month_name, monthrange
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from todoapp.features.tasks import series
from todoapp.features.tasks.due import Due
from todoapp.features.tasks.model import Task
from todoapp.features.tasks.recurrence.rrule import SHORTEST_MONTH, Frequency, RRule
from todoapp.features.tasks.recurrence.rule import Occurrence, Recurrence
from todoapp.kit.database import new_id
from todoapp.kit.wall_time import wall_time

__all__ = ["Preview", "PreviewedDate", "preview"]

MOST_PASSED_OVER = 12
"""How many days that do not exist are named before one date."""


@dataclass(frozen=True)
class PreviewedDate:
    number: int
    due: Due
    notes: list[str]


@dataclass(frozen=True)
class Preview:
    recurrence: dict[str, Any]
    """as it would be stored"""
    notice: str | None
    """Says so when the series was given its first date."""
    dates: list[PreviewedDate]


def preview(recurrence: object, *, due: Due | None, zone: str, now: datetime, count: int) -> Preview:
    """The first `count` dates of a task that is due at `due` and repeats, or fewer if the series ends.

    The first date is `due` itself; each other one is what completing the one before gives if that happens
    when it is due, or at `now` where that lies in the past.

    Args:
        recurrence: as a request has it.
        due: None lets the rule choose.
        zone: IANA, the one of `due`.
        now: aware.

    Raises:
        InvalidTaskRecurrence
    """
    nobody = new_id()
    task = Task(user_id=nobody, title="", timezone=zone, position=0, created_at=now, updated_at=now)
    series.set_due(task, due)
    notice = series.begin(task, recurrence, now=now)
    return Preview(task.recurrence or {}, notice, list(islice(_dates(task, now), count)))


def _dates(task: Task, now: datetime) -> Iterator[PreviewedDate]:
    """Walk a task that is nowhere stored along its series."""
    notes: list[str] = []
    while due := series.due(task):
        yield PreviewedDate(task.occurrence, due, notes)
        finished = max(due.at, now)
        following = series.next_occurrence(task, finished=finished)
        if following is None:
            return
        notes = list(_notes(task, following, finished))
        task.occurrence, task.scheduled_for = following.number, following.scheduled.isoformat()
        series.set_due(task, Due.at_wall(following.scheduled, task.timezone, all_day=due.all_day))


def _notes(task: Task, following: Occurrence, finished: datetime) -> Iterator[str]:
    """What is unusual about the occurrence that follows when the task is finished."""
    if not task.all_day:
        yield from _clock_notes(following.scheduled, following.due, task.timezone)
    before = datetime.fromisoformat(str(task.scheduled_for))
    rule = _rule(task, before)
    if rule is not None:
        yield from _clamped(rule, following.scheduled)
        since = max(before, wall_time(finished, task.timezone))
        yield from islice(_passed_over(rule, before, since, following.scheduled), MOST_PASSED_OVER)


def _clock_notes(scheduled: datetime, due: datetime, zone: str) -> Iterator[str]:
    shown = wall_time(due, zone)
    if shown != scheduled:
        elsewhere = "" if shown.date() == scheduled.date() else f" on {_day(shown)}"
        yield (
            f"Clocks go forward: {scheduled:%H:%M} does not exist on {_day(scheduled)}, "
            f"so it is due at {shown:%H:%M}{elsewhere}."
        )
    elif len({scheduled.replace(tzinfo=ZoneInfo(zone), fold=fold).utcoffset() for fold in (0, 1)}) > 1:
        yield f"Clocks go back: {scheduled:%H:%M} comes twice on {_day(scheduled)}; it is due the first time."


def _rule(task: Task, before: datetime) -> RRule | None:
    """The rule with the day that it takes from a date; None for a cron expression."""
    recurrence = Recurrence.stored(**task.recurrence or {})
    rule = recurrence.rrule
    if rule is None or not rule.is_bare:
        return rule
    if recurrence.basis == "completion":
        return rule.on(before)
    start = datetime.fromisoformat(str(task.series_start))
    months = (start.month,) if rule.frequency is Frequency.YEARLY else ()
    return replace(rule, by_month=months, by_month_day=(start.day,))


def _clamped(rule: RRule, scheduled: datetime) -> Iterator[str]:
    """A rule as `RRule.on_month_day` makes it takes the last of several days that the month has."""
    if rule.by_set_pos == (-1,) and rule.by_month_day and not rule.by_day:
        wanted = rule.by_month_day[-1]
        if monthrange(scheduled.year, scheduled.month)[1] < wanted:
            missing = f"{wanted} {month_name[scheduled.month]} {scheduled.year}"
            yield f"{missing} does not exist, so it is due on {_day(scheduled)}."


def _passed_over(rule: RRule, before: datetime, since: datetime, scheduled: datetime) -> Iterator[str]:
    """The days between two dates that the rule names and the calendar lacks."""
    days = [day for day in rule.by_month_day if day > SHORTEST_MONTH]
    if rule.by_day or rule.by_set_pos or not days:
        return
    for year, month in _months(rule, before, scheduled):
        if (year, month) >= (since.year, since.month):
            for day in days:
                if day > monthrange(year, month)[1]:
                    yield f"{day} {month_name[month]} {year} does not exist, so the rule passes over it."


def _months(rule: RRule, before: datetime, scheduled: datetime) -> Iterator[tuple[int, int]]:
    """The months, before that of `scheduled`, in which the rule may place dates, from the date before on."""
    first, last = 12 * before.year + before.month - 1, 12 * scheduled.year + scheduled.month - 1
    for month in range(first, last, rule.interval if rule.frequency is Frequency.MONTHLY else 1):
        year, index = divmod(month, 12)
        is_in_step = rule.frequency is not Frequency.YEARLY or (year - before.year) % rule.interval == 0
        if is_in_step and (not rule.by_month or index + 1 in rule.by_month):
            yield year, index + 1


def _day(day: datetime) -> str:
    return f"{day.day} {month_name[day.month]} {day.year}"
