"""The dates that a recurrence rule places, on naive wall time; python-dateutil finds them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, time, timedelta
from itertools import chain, dropwhile, islice, takewhile

from dateutil.rrule import rrule, weekday

from todoapp.features.tasks.recurrence.rrule import Frequency, NthWeekday, RRule
from todoapp.kit.wall_time import LAST

__all__ = ["first_date", "series_dates"]

CALENDAR_CYCLE = 400  # years after which the Gregorian calendar repeats, weekdays included


def first_date(rule: RRule, start: datetime) -> datetime | None:
    """The first date from `start` on that the rule places."""
    placed = _placed(rule, start, start)
    return next(_until_end(rule, (each for each in placed if each >= start)), None)


def series_dates(rule: RRule, start: datetime, *, after: datetime) -> Iterator[datetime]:
    """The dates later than `after` of the series that starts at `start`, in order.

    As the RFC says, `start` (its DTSTART) is the first of COUNT dates even if the rule itself
    would not place it. A series without a date for 400 years is over.
    """
    # COUNT counts from the start; without it, work does not grow with the age of the series.
    near = max(start, after) if rule.count is None else start
    placed = (each for each in _placed(rule, start, near) if each > start)
    series = islice(chain([start], placed), rule.count)
    return dropwhile(lambda each: each <= after, _until_end(rule, series))


def _until_end(rule: RRule, dates: Iterator[datetime]) -> Iterator[datetime]:
    until = rule.until or LAST
    last = until if isinstance(until, datetime) else datetime.combine(until, time.max)
    return takewhile(lambda each: each <= last, dates)


def _placed(rule: RRule, start: datetime, near: datetime) -> Iterator[datetime]:
    """The dates of the rule without COUNT and UNTIL, from the last period that begins by `near`.

    Where there is no next date, dateutil looks for it until the year 9999, which can take a
    second. Whole cycles of the calendar later, days and weekdays are the same and 400 to 800
    years are left.
    """
    origin = _origin(rule, start, near)
    later = max(0, LAST.year - CALENDAR_CYCLE - origin.year) // CALENDAR_CYCLE * CALENDAR_CYCLE
    for date in _dateutil_rule(_on_days_of(start, rule), origin.replace(year=origin.year + later)):
        yield date.replace(year=date.year - later)


def _origin(rule: RRule, start: datetime, near: datetime) -> datetime:
    """The beginning of the last period up to `near` that INTERVAL reaches from `start`'s.

    A period is what FREQ says, and whole: dateutil would count BYSETPOS within a part of a week.
    """
    match rule.frequency:
        case Frequency.DAILY:
            return _last_step(start, near, timedelta(days=rule.interval))
        case Frequency.WEEKLY:
            begin = start - timedelta(days=(start.weekday() - rule.week_start) % 7)
            return _last_step(begin, near, timedelta(weeks=rule.interval))
        case Frequency.MONTHLY:
            return _last_step_of_months(start.replace(day=1), near, rule.interval)
        case Frequency.YEARLY:
            return _last_step_of_months(start.replace(month=1, day=1), near, 12 * rule.interval)


def _last_step(start: datetime, near: datetime, step: timedelta) -> datetime:
    return start + (near - start) // step * step


def _last_step_of_months(start: datetime, near: datetime, step: int) -> datetime:
    passed = 12 * (near.year - start.year) + near.month - start.month
    years, month = divmod(start.month - 1 + passed // step * step, 12)
    return start.replace(year=start.year + years, month=month + 1)


def _on_days_of(start: datetime, rule: RRule) -> RRule:
    """The rule with what it takes from DTSTART written out, so that `_origin` can replace that."""
    if rule.by_day or rule.by_month_day:
        return rule
    match rule.frequency:
        case Frequency.DAILY:
            return rule
        case Frequency.WEEKLY:
            return replace(rule, by_day=(NthWeekday(start.weekday()),))
        case Frequency.MONTHLY:
            return replace(rule, by_month_day=(start.day,))
        case Frequency.YEARLY:
            return replace(rule, by_month_day=(start.day,), by_month=rule.by_month or (start.month,))


def _dateutil_rule(rule: RRule, origin: datetime) -> rrule:
    return rrule(
        rule.frequency.value,
        dtstart=origin,
        interval=rule.interval,
        wkst=rule.week_start,
        bymonth=rule.by_month or None,
        bymonthday=rule.by_month_day or None,
        byweekday=[weekday(day, nth or None) for day, nth in _either(rule)] or None,
        bysetpos=rule.by_set_pos or None,
    )


def _either(rule: RRule) -> tuple[NthWeekday, ...]:
    """`MO,1TU` as `1MO,2MO,3MO,4MO,5MO,1TU`: dateutil would want a day to be both, the RFC either."""
    if not any(each.ordinal for each in rule.by_day):
        return rule.by_day
    every = range(1, rule.largest_ordinal + 1)
    return tuple(NthWeekday(day, nth) for day, n in rule.by_day for nth in ((n,) if n else every))
