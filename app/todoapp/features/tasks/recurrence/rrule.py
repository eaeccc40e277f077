"""Recurrence rules (RFC 5545 §3.3.10) that count in days or longer, as values.

https://www.rfc-editor.org/rfc/rfc5545#section-3.3.10
"""

from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import Enum, auto
from typing import NamedTuple

__all__ = ["SHORTEST_MONTH", "WEEKDAYS", "Frequency", "InvalidRecurrence", "NthWeekday", "RRule"]

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
SHORTEST_MONTH = 28  # days
COMMON_YEAR = 2027


class InvalidRecurrence(ValueError):
    """A recurrence that cannot be kept; its text names the part and the rule, for a person to read."""


class Frequency(Enum):
    """What INTERVAL counts."""

    YEARLY = auto()
    MONTHLY = auto()
    WEEKLY = auto()
    DAILY = auto()


class NthWeekday(NamedTuple):
    """`MO` is every Monday, `1MO` the first of the month or year, `-1MO` the last."""

    weekday: int
    """0 is Monday"""
    ordinal: int = 0
    """0 is every one"""

    def __str__(self) -> str:
        return f"{self.ordinal or ''}{WEEKDAYS[self.weekday]}"


@dataclass(frozen=True)
class RRule:
    """A rule with sorted parts that are in range; an empty tuple is a part not given."""

    frequency: Frequency
    interval: int = 1
    by_month: tuple[int, ...] = ()
    by_month_day: tuple[int, ...] = ()
    by_day: tuple[NthWeekday, ...] = ()
    by_set_pos: tuple[int, ...] = ()
    week_start: int = 0
    """0 is Monday"""
    count: int | None = None
    until: date | datetime | None = None
    """Wall time; a day stands for its last moment."""

    def __str__(self) -> str:
        """The canonical text: parts in the order of the fields, defaults left out."""
        parts = {
            "FREQ": self.frequency.name,
            "INTERVAL": str(self.interval) if self.interval != 1 else "",
            "BYMONTH": _listed(self.by_month),
            "BYMONTHDAY": _listed(self.by_month_day),
            "BYDAY": _listed(self.by_day),
            "BYSETPOS": _listed(self.by_set_pos),
            "WKST": WEEKDAYS[self.week_start] if self.week_start else "",
            "COUNT": str(self.count or ""),
            "UNTIL": _basic_iso(self.until) if self.until else "",
        }
        return ";".join(f"{name}={value}" for name, value in parts.items() if value)

    @property
    def is_bare(self) -> bool:
        """Whether no part names a day or month, so that all of them follow from the first date."""
        return not (self.by_month or self.by_month_day or self.by_day)

    @property
    def largest_ordinal(self) -> int:
        """How many of a weekday there can be in what BYDAY's ordinals count in; 0 if they may not be used."""
        match self.frequency:
            case Frequency.MONTHLY:
                return 5
            case Frequency.YEARLY:
                return 5 if self.by_month else 53
            case Frequency.WEEKLY | Frequency.DAILY:
                return 0

    def on(self, day: date) -> "RRule":
        """The same rule on the weekday, day of the month or day of the year that `day` is."""
        match self.frequency:
            case Frequency.WEEKLY:
                return replace(self, by_day=(NthWeekday(day.weekday()),))
            case Frequency.MONTHLY:
                return self.on_month_day(day.day)
            case Frequency.YEARLY:
                return self.on_month_day(day.day, day.month)
            case Frequency.DAILY:
                return self

    def on_month_day(self, day: int, month: int | None = None) -> "RRule":
        """The same rule on `day` of `month` or of every month, clamped to the month's last day.

        BYMONTHDAY alone would skip the months that are too short, as the RFC has it.
        """
        months = () if month is None else (month,)
        shortest = SHORTEST_MONTH if month is None else monthrange(COMMON_YEAR, month)[1]
        if day <= shortest:
            return replace(self, by_month=months, by_month_day=(day,))
        # From the shortest month's last day on, the last of these days that the month has.
        days = tuple(range(shortest, day + 1))
        return replace(self, by_month=months, by_month_day=days, by_set_pos=(-1,))

    def without_end(self) -> "RRule":
        return replace(self, count=None, until=None)


def _listed(values: tuple[int, ...] | tuple[NthWeekday, ...]) -> str:
    return ",".join(map(str, values))


def _basic_iso(until: date | datetime) -> str:
    return f"{until:%Y%m%dT%H%M%S}" if isinstance(until, datetime) else f"{until:%Y%m%d}"
