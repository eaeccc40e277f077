"""Cron expressions of five fields, on naive wall time; cronsim reads them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time
from functools import lru_cache

from cronsim import CronSim, CronSimError

from todoapp.features.tasks.recurrence.dates import days_on
from todoapp.features.tasks.recurrence.rrule import InvalidRecurrence, NthWeekday
from todoapp.features.tasks.recurrence.year_days import (
    YearDays,
    both,
    days_in_months,
    either,
    last_weekdays_of_months,
    named_month_days,
    named_weekdays,
)

__all__ = ["canonical_cron", "cron_dates"]

FIELDS = 5
LONGEST = 200  # characters
ANY_DAY = datetime(2000, 1, 1)  # noqa: DTZ001 - wall time


def canonical_cron(expression: str) -> str:
    """The same expression in upper case with single spaces.

    Raises:
        InvalidRecurrence: it is not a cron expression of five fields, or names no day that exists.
    """
    if len(expression) > LONGEST:
        raise InvalidRecurrence(f"The cron expression is longer than {LONGEST} characters.")
    fields = expression.upper().split()
    if len(fields) != FIELDS:
        raise InvalidRecurrence(
            f"The cron expression '{expression}' has {len(fields)} fields; it needs {FIELDS}: "
            "minute, hour, day of month, month, day of week."
        )
    canonical = " ".join(fields)
    try:
        schedule = _Schedule.of(canonical)
    except CronSimError as error:
        field = str(error).removeprefix("Bad ")
        raise InvalidRecurrence(
            f"In the cron expression '{expression}' {field} is malformed or out of range."
        ) from error
    if not any(schedule.days):
        raise InvalidRecurrence(f"The cron expression '{expression}' never comes true.")
    return canonical


def cron_dates(expression: str, *, after: datetime) -> Iterator[datetime]:
    """The wall times later than `after` that match, in order, up to the last year of the calendar.

    Day of month and day of week are joined as Debian's cron joins them: both must match where
    one of them starts with `*`, else either. A day that cron can name comes within 40 years.
    """
    schedule = _Schedule.of(expression)
    for day in days_on(schedule.days, after.date()):
        begun = after.hour if day == after.date() else 0
        for hour in schedule.hours:
            if hour >= begun:
                dates = (datetime.combine(day, time(hour, minute)) for minute in schedule.minutes)
                yield from (date for date in dates if date > after)


@dataclass(frozen=True)
class _Schedule:
    days: YearDays
    hours: tuple[int, ...]
    minutes: tuple[int, ...]

    @classmethod
    @lru_cache(maxsize=4096)
    def of(cls, expression: str) -> "_Schedule":
        """
        Raises:
            CronSimError: a field is malformed or out of range.
        """
        fields = CronSim(expression, ANY_DAY)
        month_days = named_month_days(
            -1 if day == CronSim.LAST else day for day in fields.days if day != CronSim.LAST_WEEKDAY
        )
        if CronSim.LAST_WEEKDAY in fields.days:
            month_days = either(month_days, last_weekdays_of_months())
        weekdays = named_weekdays(map(_weekday, fields.weekdays), ordinals_count_in_year=False)
        join = both if fields.day_and else either
        return cls(
            both(days_in_months(tuple(sorted(fields.months))), join(month_days, weekdays)),
            tuple(sorted(fields.hours)),
            tuple(sorted(fields.minutes)),
        )


def _weekday(field: int | tuple[int, int]) -> NthWeekday:
    """Cron counts from Sunday, which is 0 and 7."""
    day, nth = field if isinstance(field, tuple) else (field, 0)
    return NthWeekday((day - 1) % 7, -1 if nth == CronSim.LAST else nth)
