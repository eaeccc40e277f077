"""Phrases for a day: `tomorrow`, `next Monday`, `5 March`, `in two weeks`, `end of the month`."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

from dateutil.relativedelta import relativedelta

from todoapp.features.tasks.quickadd.phrase import Clock, Phrase, phrase
from todoapp.features.tasks.quickadd.times import DAY_PART, DAY_PARTS
from todoapp.features.tasks.quickadd.values import Day, Moment, Start, Until
from todoapp.features.tasks.quickadd.vocabulary import (
    COUNT,
    FOLLOWED_BY_FUNCTION_WORD,
    FOLLOWED_BY_TIME,
    FULL_WEEKDAY,
    MONTH,
    UNIT,
    WEEKDAY,
    count_named,
    month_named,
    unit_named,
    weekday_named,
)

__all__ = ["DAY_PHRASES"]

Found = re.Match[str]

SURE_LEAD = (
    "(?:(?P<until>until|till|through)|(?P<from>from)|starting(?: on| from)?|beginning(?: on)?"
    "|by|on|for|due(?: on| by)?) "
)
LEAD = f"(?:{SURE_LEAD})?"
RELATIVE_DAYS = {"today": 0, "tomorrow": 1}
YEAR = "(?:19|2[0-9])[0-9][0-9]"
DAY_OF_MONTH = "(?P<day>[0-3]?[0-9])"
ORDINAL_ENDING = "(?:st|nd|rd|th)"
LONGEST_WAIT = 8  # years, for a 29 February around 2100


def _relative(found: Found, clock: Clock) -> date:
    return clock.today + timedelta(days=RELATIVE_DAYS[found["relative"].lower()])


def _day_after_tomorrow(_: Found, clock: Clock) -> date:
    return clock.today + timedelta(days=2)


def _weekday_ahead(weekday: int, clock: Clock) -> date:
    """The first such day after today."""
    return clock.today + timedelta(days=(weekday - clock.today.weekday() - 1) % 7 + 1)


def _next_monday(clock: Clock) -> date:
    return _weekday_ahead(0, clock)


def _weekday(found: Found, clock: Clock) -> date:
    """`next Friday` is the one of the next calendar week, which begins on Monday."""
    weekday = weekday_named(found["weekday"])
    if found["next"]:
        return _next_monday(clock) + timedelta(days=weekday)
    return _weekday_ahead(weekday, clock)


def _weekend(found: Found, clock: Clock) -> date:
    """Its Saturday; this weekend's Sunday once that has come."""
    if found.groupdict().get("next"):
        return _next_monday(clock) + timedelta(days=5)
    return max(clock.today, _next_monday(clock) - timedelta(days=2))


def _next_period(found: Found, clock: Clock) -> date:
    """Its first day."""
    match found["period"].lower():
        case "week":
            return _next_monday(clock)
        case "month":
            return clock.today + relativedelta(months=1, day=1)
        case _:
            return clock.today + relativedelta(years=1, month=1, day=1)


def _end_of_period(found: Found, clock: Clock) -> date:
    """Its last day."""
    ahead = 1 if found["next"] else 0
    match found["period"].lower():
        case "week":
            return _next_monday(clock) + timedelta(weeks=ahead, days=-1)
        case "month":
            return clock.today + relativedelta(months=ahead, day=31)
        case _:
            return clock.today + relativedelta(years=ahead, month=12, day=31)


def _in_so_long(found: Found, clock: Clock) -> date | datetime:
    """A day, or from hours and minutes a moment (UTC). A month after 31 January is its last day."""
    size, unit = unit_named(found["unit"])
    count = size * count_named(found["count"])
    match unit:
        case "minute" | "hour":
            this_minute = clock.now.astimezone(UTC).replace(second=0, microsecond=0)
            return this_minute + timedelta(**{f"{unit}s": count})
        case "day" | "week":
            return clock.today + timedelta(**{f"{unit}s": count})
        case "month":
            return clock.today + relativedelta(months=count)
        case "year":
            return clock.today + relativedelta(years=count)


def _month_day(found: Found, clock: Clock) -> date | None:
    """Without a year, the first one from today on."""
    day, month = int(found["day"]), month_named(found["month"])
    return _on(int(found["year"]), month, day) if found["year"] else _ahead(month, day, clock)


def _day_of_month(found: Found, clock: Clock) -> date | None:
    """The first month's from today on that has it."""
    day = int(found["day"])
    months = (clock.today + relativedelta(months=ahead, day=1) for ahead in range(3))
    days = (_on(month.year, month.month, day) for month in months)
    return next((each for each in days if each is not None and each >= clock.today), None)


def _iso_day(found: Found, _: Clock) -> date | None:
    return _on(int(found["year"]), int(found["month"]), int(found["day"]))


def _numeric_day(found: Found, clock: Clock) -> date | None:
    """The day comes first unless only the other order makes a date."""
    day, month, year = int(found["day"]), int(found["month"]), found.groupdict().get("year")
    if month > 12:
        day, month = month, day
    if year is None:
        return _ahead(month, day, clock)
    return _on(int(year) if len(year) == 4 else 2000 + int(year), month, day)


def _on(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _ahead(month: int, day: int, clock: Clock) -> date | None:
    years = range(clock.today.year, clock.today.year + LONGEST_WAIT + 1)
    days = (_on(year, month, day) for year in years)
    return next((each for each in days if each is not None and each >= clock.today), None)


def _note(found: Found, day: date) -> str | None:
    parts = found.groupdict()
    if parts.get("slash") and day.month == int(found["month"]) and day.day <= 12 and day.day != day.month:
        return f"{found['day']}/{found['month']} was read as {day.day} {day:%B}: the day comes first."
    if parts.get("weekday") and weekday_named(found["weekday"]) != day.weekday():
        return f"{day.day} {day:%B %Y} is a {day:%A}, not a {found['weekday'].capitalize()}."
    return None


def _day(words: str, find: Callable[[Found, Clock], date | datetime | None]) -> Phrase:
    """A phrase for a day, with an optional part of the day after it."""

    def understand(found: Found, clock: Clock) -> Day | Until | Moment | None:
        parts = found.groupdict()
        day = find(found, clock)
        if day is None:
            return None
        if isinstance(day, datetime):
            return Moment(day)
        if parts.get("until"):
            return Until(day, _note(found, day))
        time_of_day = DAY_PARTS[parts["part"].lower()] if parts["part"] else None
        kind = Start if parts.get("from") else Day
        return kind(day, time_of_day, _note(found, day))

    return phrase(f"{words}(?: {DAY_PART})?", understand)


def _tonight(_: Found, clock: Clock) -> Day:
    return Day(clock.today, time_of_day=DAY_PARTS["night"])


def _this_part(found: Found, clock: Clock) -> Day:
    return Day(clock.today, time_of_day=DAY_PARTS[found["part"].lower()])


def _iso_moment(found: Found, clock: Clock) -> Day | None:
    day = _iso_day(found, clock)
    return Day(day, time_of_day=time(int(found["hour"]), int(found["minute"]))) if day else None


THIS_OR_NEXT = "(?:this |(?P<next>next ))"
ISO_DAY = f"(?P<year>{YEAR})-(?P<month>[01][0-9])-(?P<day>[0-3][0-9])"
IN_YEAR = f"(?:,? (?P<year>{YEAR}))?"
ON_WEEKDAY = f"(?:(?P<weekday>{WEEKDAY}),? (?:the )?)?"

DAY_PHRASES = (
    phrase("tonight", _tonight),
    phrase(f"this {DAY_PART}", _this_part),
    phrase(f"{LEAD}{ISO_DAY}T(?P<hour>[01][0-9]|2[0-3]):(?P<minute>[0-5][0-9])", _iso_moment),
    _day(f"{LEAD}(?P<relative>today|tomorrow)", _relative),
    _day(f"{LEAD}(?:the )?day after tomorrow", _day_after_tomorrow),
    _day(f"{LEAD}{THIS_OR_NEXT}?(?P<weekday>{FULL_WEEKDAY})", _weekday),
    _day(f"{SURE_LEAD}{THIS_OR_NEXT}?(?P<weekday>{WEEKDAY})", _weekday),
    _day(f"{THIS_OR_NEXT}(?P<weekday>{WEEKDAY})", _weekday),
    _day(f"(?P<next>)(?P<weekday>{WEEKDAY}){FOLLOWED_BY_TIME}", _weekday),
    _day(f"{LEAD}{THIS_OR_NEXT}weekend", _weekend),
    _day("(?:on|at|by) the weekend", _weekend),
    _day(f"weekend{FOLLOWED_BY_TIME}", _weekend),
    _day(f"{LEAD}next (?P<period>week|month|year)", _next_period),
    _day(f"{LEAD}(?:the )?end of (?:the |this |(?P<next>next ))?(?P<period>week|month|year)", _end_of_period),
    _day(f"(?:starting )?in (?P<count>{COUNT}) (?P<unit>{UNIT})", _in_so_long),
    _day(f"(?P<count>{COUNT}) (?P<unit>{UNIT}) from (?:now|today)", _in_so_long),
    _day(
        f"{LEAD}{ON_WEEKDAY}(?:the )?{DAY_OF_MONTH}{ORDINAL_ENDING}?(?: of)? (?P<month>{MONTH}){IN_YEAR}",
        _month_day,
    ),
    _day(
        f"{LEAD}{ON_WEEKDAY}(?P<month>{MONTH}) (?:the )?{DAY_OF_MONTH}"
        f"(?:{ORDINAL_ENDING}|{FOLLOWED_BY_FUNCTION_WORD}){IN_YEAR}",
        _month_day,
    ),
    _day(f"{SURE_LEAD}the {DAY_OF_MONTH}{ORDINAL_ENDING}{FOLLOWED_BY_FUNCTION_WORD}", _day_of_month),
    _day(f"{LEAD}{ISO_DAY}", _iso_day),
    _day(f"{LEAD}(?P<day>[0-3][0-9])(?P<slash>/)(?P<month>[0-3][0-9])", _numeric_day),
    _day(f"{SURE_LEAD}(?P<day>[0-3]?[0-9])(?P<slash>/)(?P<month>[0-3]?[0-9])", _numeric_day),
    _day(
        f"{LEAD}(?P<day>[0-3]?[0-9])(?P<slash>/)(?P<month>[0-3]?[0-9])/(?P<year>(?:20)?[0-9][0-9])",
        _numeric_day,
    ),
    _day(f"{LEAD}(?P<day>[0-3]?[0-9])[.](?P<month>[01]?[0-9])[.](?P<year>20[0-9][0-9])", _numeric_day),
)
