"""Whether a rule can be kept: no date may be followed by too long a search for the next one.

The calendar repeats after 400 years, so the periods that a rule looks at repeat too. Written as a text of
one `1` or `0` for each period, with a date or without, a search that is too long is a run of zeros in it.
That decides for every date at once, without searching from any.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import lru_cache
from math import gcd

from todoapp.features.tasks.recurrence.dates import LONGEST_WAIT, written_out
from todoapp.features.tasks.recurrence.rrule import Frequency, InvalidRecurrence, NthWeekday, RRule
from todoapp.features.tasks.recurrence.year_days import (
    CALENDAR_CYCLE,
    YEARS_OF_KINDS,
    YearDays,
    days_from,
    first_of_year,
    kind_of,
    spans,
    year_days,
)

__all__ = ["comes_true", "refuse_long_searches"]

PERIODS = {  # in so many years
    Frequency.DAILY: LONGEST_WAIT * 146_097 // CALENDAR_CYCLE,
    Frequency.WEEKLY: LONGEST_WAIT * 20_871 // CALENDAR_CYCLE,
    Frequency.MONTHLY: LONGEST_WAIT * 12,
    Frequency.YEARLY: LONGEST_WAIT,
}


def comes_true(rule: RRule) -> bool:
    """Whether the rule places any date, if it looks at every period."""
    return any(year_days(replace(rule.without_end(), interval=1)))


def refuse_long_searches(rule: RRule, start: date, *, restarts: bool) -> None:
    """Refuse a rule by which the search for the next date can be too long.

    Args:
        start: the first date of the series.
        restarts: whether the rule starts again on any day, that of a completion.

    Raises:
        InvalidRecurrence
    """
    rule = rule.without_end()
    if not restarts:
        too_long = _waits_too_long(written_out(rule, start), start)
    elif rule.is_bare:
        too_long = rule.interval > PERIODS[rule.frequency]  # it takes the day on which it starts again
    else:
        too_long = any(_waits_too_long(each, None) for each in _on_any_day(rule))
    if too_long:
        raise InvalidRecurrence(
            f"The rule '{rule}' can go more than {LONGEST_WAIT} years without a date; "
            "use another INTERVAL or fewer BY… parts."
        )


def _on_any_day(rule: RRule) -> set[RRule]:
    """The rule with each kind of day that it may take from the date on which it starts again."""
    if rule.by_day or rule.by_month_day or rule.frequency is Frequency.DAILY:
        return {rule}
    if rule.frequency is Frequency.WEEKLY:
        return {replace(rule, by_day=(NthWeekday(weekday),)) for weekday in range(7)}
    # Up to the 28th all months are alike.
    return {replace(rule, by_month_day=(day,)) for day in range(28, 32)}


@lru_cache(maxsize=4096)
def _waits_too_long(rule: RRule, start: date | None) -> bool:
    """Whether a run of periods without a date is too long, in a series from `start` or from any day."""
    if rule.interval == 1:
        return not comes_true(rule)  # A year of every kind comes within 40 years.
    longest = PERIODS[rule.frequency] // rule.interval
    if longest == 0:
        return True
    cycle = _cycle(rule)
    return any("1" not in met or "0" * longest in met + met for met in _walks(rule, cycle, start))


def _walks(rule: RRule, cycle: str, start: date | None) -> Iterator[str]:
    """What series meet in the cycle, each until it is where it began: the one from `start`, or all."""
    step = rule.interval % len(cycle) or len(cycle)
    apart = gcd(step, len(cycle))
    for first in range(apart) if start is None else [_place(rule, start) % apart]:
        met, place = [cycle[first::step]], (first - len(cycle)) % step
        while place != first:
            met.append(cycle[place::step])
            place = (place - len(cycle)) % step
        yield "".join(met)


def _place(rule: RRule, start: date) -> int:
    """The number of the period of `start`, counted from the beginning of the calendar."""
    match rule.frequency:
        case Frequency.DAILY:
            return start.toordinal() - 1
        case Frequency.WEEKLY:
            return (start.toordinal() - 1 - rule.week_start) // 7
        case Frequency.MONTHLY:
            return 12 * (start.year - 1) + start.month - 1
        case Frequency.YEARLY:
            return start.year - 1


def _cycle(rule: RRule) -> str:
    """One figure for each period until the calendar repeats, from the year 1 on: whether it has a date."""
    days = year_days(replace(rule, interval=1))
    met = [_met(rule, days, year) for year in YEARS_OF_KINDS]
    return "".join(met[kind_of(year)] for year in range(1, CALENDAR_CYCLE + 1))


def _met(rule: RRule, days: YearDays, year: int) -> str:
    """The figures of the periods that begin in a year."""
    if rule.frequency is Frequency.DAILY:
        return f"{days[kind_of(year)]:0{first_of_year(year + 1) - first_of_year(year)}b}"[::-1]
    return "".join("01"[days_from(*span, days) > 0] for span in spans(rule, year))
