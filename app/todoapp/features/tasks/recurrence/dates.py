"""The dates that a recurrence rule places, on naive wall time.

A search looks at one year after another: the days that the rule names there, and of those the ones in
periods that INTERVAL reaches. Each year is a candidate, and a search has a budget of them
(docs/adr/0042-a-search-for-dates-has-a-budget.md).
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time
from functools import lru_cache
from itertools import dropwhile, islice, takewhile

from todoapp.features.tasks.recurrence.rrule import Frequency, NthWeekday, RRule
from todoapp.features.tasks.recurrence.year_days import (
    YearDays,
    bits,
    days_in_months,
    first_of_year,
    kind_of,
    year_days,
)
from todoapp.kit.wall_time import LAST

__all__ = ["LONGEST_WAIT", "days_on", "first_date", "last_date", "series_dates", "written_out"]

LONGEST_WAIT = 100
"""How many years may lie between two dates; a search looks no further."""
LONGEST_COUNT = 1_000
"""How many years the dates of a COUNT are counted; one that reaches further ends nothing."""


def first_date(rule: RRule, start: datetime) -> datetime | None:
    """The first date from `start` on that the rule places."""
    placed = _placed(rule, start, start)
    return next(_until_end(rule, (each for each in placed if each >= start)), None)


def series_dates(rule: RRule, start: datetime, *, after: datetime) -> Iterator[datetime]:
    """The dates later than `after` of the series that starts at `start`, in order.

    As the RFC says, `start` (its DTSTART) is a date even if the rule itself would not place it. COUNT is
    not looked at; `last_date` finds what it ends with. A series without a date for `LONGEST_WAIT` is over.
    """
    if start > after:
        yield from _until_end(rule, iter([start]))
    later = max(start, after)
    yield from _until_end(rule, dropwhile(lambda each: each <= later, _placed(rule, start, later)))


@lru_cache(maxsize=4096)
def last_date(rule: RRule, start: datetime) -> datetime:
    """The last of the COUNT dates of the series that starts at `start`.

    `start` is the first of them even if the rule would not place it. A series that does not have so many
    in `LONGEST_COUNT` years lasts as long as the calendar.
    """
    left = (rule.count or 1) - 1
    if left == 0:
        return start
    for first, days in islice(_years(written_out(rule, start), start, start), LONGEST_COUNT):
        found = _from(start.toordinal() + 1, first, days)
        if found.bit_count() >= left:
            bit = next(islice(bits(found), left - 1, None))
            return datetime.combine(date.fromordinal(first + bit), start.time())
        left -= found.bit_count()
    return LAST


def days_on(days: YearDays, near: date) -> Iterator[date]:
    """These days from `near` on."""
    for year in range(near.year, LAST.year + 1):
        first = first_of_year(year)
        yield from _dates(first, _from(near.toordinal(), first, days[kind_of(year)]))


def written_out(rule: RRule, start: date) -> RRule:
    """The rule with what it takes from its first date."""
    if rule.by_day or rule.by_month_day or rule.frequency is Frequency.DAILY:
        return rule
    if rule.frequency is Frequency.WEEKLY:
        return replace(rule, by_day=(NthWeekday(start.weekday()),))
    months = (start.month,) if rule.frequency is Frequency.YEARLY else ()
    return replace(rule, by_month_day=(start.day,), by_month=rule.by_month or months)


def _until_end(rule: RRule, dates: Iterator[datetime]) -> Iterator[datetime]:
    until = rule.until or LAST
    last = until if isinstance(until, datetime) else datetime.combine(until, time.max)
    return takewhile(lambda each: each <= last, dates)


def _placed(rule: RRule, start: datetime, near: datetime) -> Iterator[datetime]:
    """The dates of the rule without COUNT and UNTIL, from the day of `near` on."""
    last_found = near.year
    for first, days in _years(written_out(rule, start), start, near):
        found = _from(near.toordinal(), first, days)
        year = date.fromordinal(first).year
        if found:
            last_found = year
        elif year - last_found > LONGEST_WAIT:
            return
        for day in _dates(first, found):
            yield datetime.combine(day, start.time())


def _years(rule: RRule, start: date, near: date) -> Iterator[tuple[int, int]]:
    """The ordinal of 1 January and the bits of the days that the rule places, of each year from `near` on."""
    days = year_days(_days_only(rule))
    step = rule.interval if rule.frequency is Frequency.YEARLY else 1
    for year in range(near.year - (near.year - start.year) % step, LAST.year + 1, step):
        yield first_of_year(year), days[kind_of(year)] & _reached(rule, start, year)


def _days_only(rule: RRule) -> RRule:
    """Rules that differ in their intervals and ends only name the same days."""
    return replace(rule, interval=1, count=None, until=None)


def _reached(rule: RRule, start: date, year: int) -> int:
    """The bits of the days in periods that INTERVAL reaches from that of `start`; -1 is all days."""
    first, step = first_of_year(year), rule.interval
    if step == 1:
        return -1
    match rule.frequency:
        case Frequency.DAILY:
            return _every(step, 1, start.toordinal() - first)
        case Frequency.WEEKLY:
            begin = start.toordinal() - (start.weekday() - rule.week_start) % 7
            return _every(7 * step, 7, begin - first)
        case Frequency.MONTHLY:
            month = 1 + (12 * (start.year - year) + start.month - 1) % step
            return days_in_months(tuple(range(month, 13, step)))[kind_of(year)] if month <= 12 else 0
        case Frequency.YEARLY:
            return -1


def _every(step: int, length: int, begin: int) -> int:
    """The first so many bits of every `step`, one of which begins at `begin`; one may have begun before 0."""
    return _repeated(step, length) << begin % step >> step


@lru_cache(maxsize=4096)
def _repeated(step: int, length: int) -> int:
    """So many bits at every `step`, throughout two steps and a year."""
    return sum((1 << length) - 1 << place for place in range(0, 366 + 2 * step, step))


def _from(day: int, first: int, days: int) -> int:
    """The bits of days from that of the ordinal `day` on, where bit 0 is the ordinal `first`."""
    passed = day - first
    return days >> passed << passed if passed > 0 else days


def _dates(first: int, days: int) -> Iterator[date]:
    return (date.fromordinal(first + bit) for bit in bits(days))
