"""The days that a rule names within a year, as the bits of a number: bit 0 is 1 January.

There are only 14 kinds of years: common or leap, beginning on each weekday. A rule names the same days in
all years of a kind, so they are found once for each rule, and looking for a date is a look at bits.
"""

from calendar import isleap, monthrange
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, lru_cache

from todoapp.features.tasks.recurrence.rrule import Frequency, NthWeekday, RRule

__all__ = [
    "CALENDAR_CYCLE",
    "YEARS_OF_KINDS",
    "YearDays",
    "bits",
    "both",
    "days_from",
    "days_in_months",
    "either",
    "first_of_year",
    "kind_of",
    "last_weekdays_of_months",
    "named_month_days",
    "named_weekdays",
    "spans",
    "year_days",
]

YearDays = tuple[int, ...]
"""The bits for each of the 14 kinds of years, by the number of the kind."""

MONTHS = range(1, 13)
CALENDAR_CYCLE = 400  # years after which the Gregorian calendar repeats, weekdays included


def kind_of(year: int) -> int:
    """The number of the year's kind: the weekday of 1 January, and 7 more for a leap year."""
    return (first_of_year(year) - 1) % 7 + 7 * isleap(year)


def first_of_year(year: int) -> int:
    """The ordinal (`date.toordinal`) of 1 January."""
    before = year - 1
    return 365 * before + before // 4 - before // 100 + before // 400 + 1


YEARS_OF_KINDS = tuple(sorted({kind_of(year): year for year in range(2001, 2029)}.values(), key=kind_of))
"""One year of each kind, by the number of the kind."""


def days_from(ordinal: int, length: int, days: YearDays) -> int:
    """The bits of `length` days from the day with this ordinal on; they may reach into the next year."""
    year = date.fromordinal(ordinal).year
    here, following = ordinal - first_of_year(year), first_of_year(year + 1) - ordinal
    found = days[kind_of(year)] >> here
    if length > following:
        found |= days[kind_of(year + 1)] << following
    return found & ((1 << length) - 1)


@lru_cache(maxsize=4096)
def year_days(rule: RRule) -> YearDays:
    """The days that the BY… parts name together. INTERVAL, COUNT and UNTIL are not looked at."""
    found = days_in_months(rule.by_month)
    if rule.by_month_day:
        found = both(found, named_month_days(rule.by_month_day))
    if rule.by_day:
        in_year = rule.frequency is Frequency.YEARLY and not rule.by_month
        found = both(found, named_weekdays(rule.by_day, ordinals_count_in_year=in_year))
    return _chosen(rule, found) if rule.by_set_pos else found


def spans(rule: RRule, year: int) -> list[tuple[int, int]]:
    """The periods of the rule that begin in a year: the ordinal of the first day, and the number of days."""
    first, end = first_of_year(year), first_of_year(year + 1)
    match rule.frequency:
        case Frequency.DAILY:
            return [(day, 1) for day in range(first, end)]
        case Frequency.WEEKLY:
            return [(week, 7) for week in range(first + (rule.week_start + 1 - first) % 7, end, 7)]
        case Frequency.MONTHLY:
            return [(date(year, month, 1).toordinal(), monthrange(year, month)[1]) for month in MONTHS]
        case Frequency.YEARLY:
            return [(first, end - first)]


def _chosen(rule: RRule, named: YearDays) -> YearDays:
    """The days that BYSETPOS chooses in each period.

    A week may lie in two years. Its days are those of December and January, for any two kinds.
    """
    if rule.frequency is Frequency.DAILY:
        return named if {-1, 1} & {*rule.by_set_pos} else (0,) * len(named)
    found = []
    for year in YEARS_OF_KINDS:
        first, chosen = first_of_year(year), 0
        periods = spans(rule, year)
        if rule.frequency is Frequency.WEEKLY:
            periods = [(periods[0][0] - 7, 7), *periods]
        for begin, length in periods:
            days = _at_positions(days_from(begin, length, named), rule.by_set_pos)
            chosen |= days << begin - first if begin >= first else days >> first - begin
        found.append(chosen & (1 << first_of_year(year + 1) - first) - 1)
    return tuple(found)


def _at_positions(days: int, positions: tuple[int, ...]) -> int:
    """The bits at these positions among those that are set, from 1 on, or from the end if negative."""
    places = list(bits(days))
    indexes = {position - 1 if position > 0 else position + len(places) for position in positions}
    return sum(1 << places[index] for index in indexes if 0 <= index < len(places))


def bits(days: int) -> Iterator[int]:
    """The places of the bits that are set, in order."""
    while days:
        yield (days & -days).bit_length() - 1
        days &= days - 1


def both(some: YearDays, others: YearDays) -> YearDays:
    return tuple(one & other for one, other in zip(some, others, strict=True))


def either(some: YearDays, others: YearDays) -> YearDays:
    return tuple(one | other for one, other in zip(some, others, strict=True))


@lru_cache
def days_in_months(months: tuple[int, ...]) -> YearDays:
    """The days of these months, 1 to 12; of all of them if none is named."""
    return tuple(_all_of(year.months[month - 1] for month in months or MONTHS) for year in _years())


def named_month_days(days: Iterable[int]) -> YearDays:
    """These days of each month: 1 to 31, or -1 to -31 from its end."""
    named = tuple(days)
    return tuple(_all_of(year.month_days[day] for day in named) for year in _years())


def named_weekdays(weekdays: Iterable[NthWeekday], *, ordinals_count_in_year: bool) -> YearDays:
    """Every, or the nth, such weekday of each month or of the year."""
    named = tuple(weekdays)
    return tuple(
        _all_of(
            year.weekdays[each.weekday] & year.week(each.ordinal, in_year=ordinals_count_in_year)
            for each in named
        )
        for year in _years()
    )


def last_weekdays_of_months() -> YearDays:
    """The last day from Monday to Friday of each month."""
    return tuple(year.last_working_days for year in _years())


@dataclass(frozen=True)
class _Year:
    """What rules name days by, in one kind of year."""

    length: int
    months: tuple[int, ...]
    month_days: dict[int, int]
    weekdays: tuple[int, ...]
    """from Monday on"""
    last_working_days: int

    def week(self, ordinal: int, *, in_year: bool) -> int:
        """The days in which the nth of any weekday lies, from the end if negative; 0 is all days."""
        everything = (1 << self.length) - 1
        if ordinal == 0:
            return everything
        first = 7 * (abs(ordinal) - 1)
        if not in_year:
            sign = 1 if ordinal > 0 else -1
            return _all_of(self.month_days.get(sign * day, 0) for day in range(first + 1, first + 8))
        if ordinal > 0:
            return 0b1111111 << first & everything
        end = self.length - first
        return (1 << end) - 1 & ~((1 << max(0, end - 7)) - 1) if end > 0 else 0


@cache
def _years() -> tuple[_Year, ...]:
    return tuple(_year(year) for year in YEARS_OF_KINDS)


def _year(year: int) -> _Year:
    length = 365 + isleap(year)
    months, weekdays, last_working_days = [0] * 12, [0] * 7, 0
    month_days = dict.fromkeys([*range(-31, 0), *range(1, 32)], 0)
    for index in range(length):
        day, bit = date(year, 1, 1) + timedelta(days=index), 1 << index
        left = monthrange(year, day.month)[1] - day.day
        months[day.month - 1] |= bit
        month_days[day.day] |= bit
        month_days[-1 - left] |= bit
        weekdays[day.weekday()] |= bit
        if day.weekday() < 5 and (left == 0 or (day.weekday() == 4 and left <= 2)):
            last_working_days |= bit
    return _Year(length, tuple(months), month_days, tuple(weekdays), last_working_days)


def _all_of(parts: Iterable[int]) -> int:
    found = 0
    for part in parts:
        found |= part
    return found
