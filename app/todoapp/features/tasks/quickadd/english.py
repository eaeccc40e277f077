"""Dates and recurrences in words; quick add reads them back as what they were."""

from calendar import day_name, month_name
from collections.abc import Sequence
from datetime import date, datetime

from todoapp.features.tasks.due import Due
from todoapp.features.tasks.recurrence.inputs import MONDAY_TO_FRIDAY
from todoapp.features.tasks.recurrence.rrule import Frequency, NthWeekday, RRule
from todoapp.features.tasks.recurrence.rule import Recurrence

__all__ = ["due_in_words", "recurrence_in_words"]

UNITS = {
    Frequency.DAILY: "day",
    Frequency.WEEKLY: "week",
    Frequency.MONTHLY: "month",
    Frequency.YEARLY: "year",
}
PLACES = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", -1: "last"}
ENDINGS = {1: "st", 2: "nd", 3: "rd"}


def due_in_words(due: Due) -> str:
    """As in `Thursday 1 April 2027 at 09:00`."""
    day = f"{day_name[due.wall.weekday()]} {_day(due.wall)}"
    return day if due.all_day else f"{day} at {due.wall:%H:%M}"


def recurrence_in_words(recurrence: Recurrence, due: Due) -> str | None:
    """As in `every month on the 1st at 09:00`, for what quick add reads; None for a cron expression."""
    rule = recurrence.rrule
    if rule is None:
        return None
    words = [_every(rule)]
    if recurrence.basis == "completion":
        words.append("after completion")
    if not due.all_day:
        words.append(f"at {due.wall:%H:%M}")
    if rule.until is not None:
        words.append(f"until {_day(rule.until)}")
    if rule.count is not None:
        words.append(f"for {rule.count} times")
    return " ".join(words)


def _every(rule: RRule) -> str:
    unit = UNITS[rule.frequency]
    every = f"every {unit}" if rule.interval == 1 else f"every {rule.interval} {unit}s"
    match rule.frequency:
        case Frequency.WEEKLY if rule.by_day == MONDAY_TO_FRIDAY and rule.interval == 1:
            return "every weekday"
        case Frequency.WEEKLY if rule.by_day:
            days = _listed([day_name[each.weekday] for each in rule.by_day])
            return f"every {days}" if rule.interval == 1 else f"{every} on {days}"
        case Frequency.MONTHLY if rule.by_day:
            return f"{every} on the {_listed([_place(each) for each in rule.by_day])}"
        case Frequency.MONTHLY if rule.by_month_day:
            return f"{every} on the {_listed([_ordinal(day) for day in _days_meant(rule)])}"
        case Frequency.YEARLY if rule.by_month:
            return f"{every} on {_days_meant(rule)[0]} {month_name[rule.by_month[0]]}"
        case _:
            return every


def _days_meant(rule: RRule) -> Sequence[int]:
    """The days of the month; the last of those among which BYSETPOS chooses stands for them."""
    if rule.by_set_pos:
        return rule.by_month_day[-1:]
    return sorted(rule.by_month_day, key=lambda day: (day < 0, day))


def _place(each: NthWeekday) -> str:
    return f"{PLACES[each.ordinal]} {day_name[each.weekday]}"


def _ordinal(day: int) -> str:
    if day == -1:
        return "last day"
    return f"{day}{'th' if day in {11, 12, 13} else ENDINGS.get(day % 10, 'th')}"


def _day(day: date | datetime) -> str:
    return f"{day.day} {month_name[day.month]} {day.year}"


def _listed(words: Sequence[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last
