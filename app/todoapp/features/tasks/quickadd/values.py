"""What a phrase can say of a task."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from todoapp.features.tasks.model import Priority
from todoapp.features.tasks.recurrence.inputs import Basis
from todoapp.features.tasks.recurrence.rrule import RRule

__all__ = [
    "CategoryName",
    "Day",
    "Moment",
    "OccurrenceCount",
    "PartMeaning",
    "PriorityLevel",
    "ReminderAt",
    "ReminderBefore",
    "RepeatRule",
    "Start",
    "TagName",
    "TimeOfDay",
    "Until",
    "Value",
    "part_meaning",
]

PartMeaning = Literal["due", "time", "recurrence", "end", "reminder", "priority", "tag", "category"]


@dataclass(frozen=True)
class Day:
    day: date
    time_of_day: time | None = None
    """The hour that a part of the day stands for, as in `tomorrow evening`"""
    note: str | None = None


@dataclass(frozen=True)
class Start(Day):
    """As in `from Monday`, which says nothing of a task that does not repeat."""


@dataclass(frozen=True)
class Until:
    day: date
    note: str | None = None


@dataclass(frozen=True)
class Moment:
    """As in `in 2 hours`."""

    at: datetime
    """UTC"""


@dataclass(frozen=True)
class TimeOfDay:
    time: time
    is_bare_hour: bool = False
    """As in `at 9`, which `tonight` puts after noon"""


@dataclass(frozen=True)
class RepeatRule:
    rule: RRule
    basis: Basis = "due"
    time_of_day: time | None = None
    """The hour that a part of the day stands for, as in `every Monday morning`"""
    note: str | None = None


@dataclass(frozen=True)
class OccurrenceCount:
    count: int


@dataclass(frozen=True)
class ReminderBefore:
    offset: timedelta


@dataclass(frozen=True)
class ReminderAt:
    """On the day that the task is due."""

    time: time


@dataclass(frozen=True)
class PriorityLevel:
    priority: Priority


@dataclass(frozen=True)
class TagName:
    name: str


@dataclass(frozen=True)
class CategoryName:
    name: str


Value = (
    Day
    | Until
    | Moment
    | TimeOfDay
    | RepeatRule
    | OccurrenceCount
    | ReminderBefore
    | ReminderAt
    | PriorityLevel
    | TagName
    | CategoryName
)


def part_meaning(meaning: Value) -> PartMeaning:
    """Which property of the task it gives."""
    match meaning:
        case Until() | OccurrenceCount():
            return "end"
        case Day() | Moment():
            return "due"
        case TimeOfDay():
            return "time"
        case RepeatRule():
            return "recurrence"
        case ReminderBefore() | ReminderAt():
            return "reminder"
        case PriorityLevel():
            return "priority"
        case TagName():
            return "tag"
        case CategoryName():
            return "category"
