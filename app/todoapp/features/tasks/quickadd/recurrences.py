"""Phrases for a recurrence: `every other Tuesday`, `every month on the 1st`, `3 days after completion`."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date

from todoapp.features.tasks.quickadd.phrase import Clock, Phrase, phrase
from todoapp.features.tasks.quickadd.times import DAY_PART, DAY_PARTS
from todoapp.features.tasks.quickadd.values import OccurrenceCount, RepeatRule
from todoapp.features.tasks.quickadd.vocabulary import (
    COUNT,
    FOLLOWED_BY_FUNCTION_WORD,
    FOLLOWED_BY_TIME,
    MONTH,
    ORDINAL,
    WEEKDAY,
    count_named,
    month_named,
    ordinal_named,
    weekday_named,
)
from todoapp.features.tasks.recurrence.inputs import MONDAY_TO_FRIDAY
from todoapp.features.tasks.recurrence.rrule import SHORTEST_MONTH, Frequency, NthWeekday, RRule

__all__ = ["RECURRENCE_PHRASES"]

Found = re.Match[str]

LEAP_YEAR = 2028
AMBIGUOUS_ORDINALS = ("second", "third", "fourth", "fifth", "2nd", "3rd", "4th", "5th")
WEEKEND = (NthWeekday(5), NthWeekday(6))
UNIT_RULES = {
    "day": RRule(Frequency.DAILY),
    "week": RRule(Frequency.WEEKLY),
    "fortnight": RRule(Frequency.WEEKLY, 2),
    "month": RRule(Frequency.MONTHLY),
    "year": RRule(Frequency.YEARLY),
}
ADVERBS = {
    "daily": RRule(Frequency.DAILY),
    "weekly": RRule(Frequency.WEEKLY),
    "fortnightly": RRule(Frequency.WEEKLY, 2),
    "monthly": RRule(Frequency.MONTHLY),
    "quarterly": RRule(Frequency.MONTHLY, 3),
    "yearly": RRule(Frequency.YEARLY),
    "annually": RRule(Frequency.YEARLY),
}

EVERY = "(?:every|each|ev)(?P<strictly>!)?"
NTH = f"(?P<nth>other|{COUNT}|{ORDINAL})"
UNIT = "(?P<unit>day|week|fortnight|month|year)s?"
AFTER_COMPLETION = "after (?:completion|completing(?: it)?|it is done|i (?:do|finish|complete) it)"
WEEKDAYS = f"(?P<weekdays>{WEEKDAY}s?(?:(?:,? and |, |,|/| & ){WEEKDAY}s?)*+)"
MONTH_PLACE = f"{ORDINAL}(?: (?:{WEEKDAY}|day))?"
MONTH_PLACES = f"(?P<places>{MONTH_PLACE}(?:(?:, |,? and )(?:the )?{MONTH_PLACE})*+)"
NUMBERED = "[0-3]?[0-9](?:st|nd|rd|th)"
MONTH_DAYS = f"(?P<places>{NUMBERED}(?:(?:, |,? and ){NUMBERED})*+)"
OF_EVERY_MONTH = "of (?:every|each) month"
DAY = "(?:the )?(?P<day>[0-3]?[0-9])(?:st|nd|rd|th)?"
YEAR_DAY = f"(?:{DAY}(?: of)? (?P<month>{MONTH}))"
MONTH_FIRST = f"(?:(?P<month>{MONTH}) {DAY})"


def _interval(found: Found) -> int | None:
    """None for a number that no interval is."""
    nth = found.groupdict().get("nth")
    if not nth:
        return 1
    if nth.lower() == "other":
        return 2
    interval = ordinal_named(nth) if re.fullmatch(ORDINAL, nth, re.IGNORECASE) else count_named(nth)
    return interval if interval > 0 else None


def _every_unit(found: Found) -> RRule | None:
    interval = _interval(found)
    return _times_unit(interval, found["unit"]) if interval else None


def _so_long_after(found: Found, _: Clock) -> RepeatRule:
    return RepeatRule(_times_unit(count_named(found["count"]), found["unit"]), "completion")


def _times_unit(count: int, unit: str) -> RRule:
    rule = UNIT_RULES[unit.lower()]
    return replace(rule, interval=count * rule.interval)


def _on_weekdays(found: Found) -> RRule | None:
    interval = _interval(found)
    if interval is None:
        return None
    return RRule(Frequency.WEEKLY, interval, by_day=_listed_weekdays(found))


def _every_nth_weekday(found: Found) -> RRule | None:
    """`every second Tuesday` is every other one; the first and the last are a month's."""
    if found["nth"].lower() in {"first", "1st", "last"}:
        nth = ordinal_named(found["nth"])
        places = tuple(NthWeekday(day.weekday, nth) for day in _listed_weekdays(found))
        return RRule(Frequency.MONTHLY, by_day=places)
    return _on_weekdays(found)


def _listed_weekdays(found: Found) -> tuple[NthWeekday, ...]:
    names = re.findall(WEEKDAY, found["weekdays"], re.IGNORECASE)
    return tuple(sorted({NthWeekday(weekday_named(name)) for name in names}))


def _monday_to_friday(_: Found) -> RRule:
    return RRule(Frequency.WEEKLY, by_day=MONDAY_TO_FRIDAY)


def _weekend(_: Found) -> RRule:
    return RRule(Frequency.WEEKLY, by_day=WEEKEND)


def _every_day(_: Found) -> RRule:
    return RRule(Frequency.DAILY)


def _on_month_places(found: Found) -> RRule | None:
    interval = _interval(found)
    if interval is None:
        return None
    places = re.findall(rf"({ORDINAL})(?: +(?:({WEEKDAY})|day))?", found["places"], re.IGNORECASE)
    rule = RRule(Frequency.MONTHLY, interval)
    weekdays = {NthWeekday(weekday_named(name), ordinal_named(nth)) for nth, name in places if name}
    days = {ordinal_named(nth) for nth, name in places if not name}
    if weekdays and not days and all(place.ordinal in {-1, *range(1, 6)} for place in weekdays):
        return replace(rule, by_day=tuple(sorted(weekdays)))
    if days and not weekdays:
        return _on_month_days(rule, days)
    return None


def _on_month_days(rule: RRule, days: set[int]) -> RRule | None:
    """A month without the day has it on its last; of several days no rule could say so for 29 and 30."""
    if days <= {*range(1, 32)} and len(days) == 1:
        return rule.on_month_day(*days)
    from_end = {-1 if day == 31 else day for day in days}
    if from_end <= {-1, *range(1, SHORTEST_MONTH + 1)}:
        return replace(rule, by_month_day=tuple(sorted(from_end)))
    return None


def _on_year_day(found: Found) -> RRule | None:
    interval = _interval(found)
    day, month = int(found["day"]), month_named(found["month"])
    try:
        date(LEAP_YEAR, month, day)
    except ValueError:
        return None
    return None if interval is None else RRule(Frequency.YEARLY, interval).on_month_day(day, month)


def _adverb(found: Found) -> RRule:
    return ADVERBS[found["adverb"].lower()]


def _times(found: Found, _: Clock) -> OccurrenceCount:
    return OccurrenceCount(count_named(found["count"]))


def _ambiguity(found: Found) -> str | None:
    parts = found.groupdict()
    nth = parts.get("nth") or ""
    if not parts.get("weekdays") or nth.lower() not in AMBIGUOUS_ORDINALS:
        return None
    words = f"{nth} {found['weekdays']}"
    return f"'every {words}' was read as one in so many weeks, not as '{words} of the month'."


def _recurrence(words: str, rule_of: Callable[[Found], RRule | None]) -> Phrase:
    """A phrase for a rule, with an optional part of the day and an optional basis after it."""

    def understand(found: Found, _: Clock) -> RepeatRule | None:
        parts = found.groupdict()
        rule = rule_of(found)
        if rule is None:
            return None
        from_completion = parts.get("strictly") or parts["after"]
        return RepeatRule(
            rule,
            "completion" if from_completion else "due",
            DAY_PARTS[parts["part"].lower()] if parts["part"] else None,
            _ambiguity(found),
        )

    return phrase(f"{words}(?: {DAY_PART})?(?P<after> {AFTER_COMPLETION})?", understand)


RECURRENCE_PHRASES = (
    _recurrence(f"{EVERY} (?:{NTH} )?{UNIT}", _every_unit),
    _recurrence(f"{EVERY} {WEEKDAYS}", _on_weekdays),
    _recurrence(f"{EVERY} {NTH} {WEEKDAYS}", _every_nth_weekday),
    _recurrence(f"{EVERY} (?:{NTH} )?(?:week|fortnight)s? on {WEEKDAYS}", _on_weekdays),
    _recurrence(f"{EVERY} (?:weekday|workday|working day)s?", _monday_to_friday),
    _recurrence(f"{EVERY} weekend", _weekend),
    _recurrence(f"{EVERY}(?= (?:morning|afternoon|evening|night))", _every_day),
    _recurrence(f"{EVERY} (?:{NTH} )?months? on (?:the )?{MONTH_PLACES}", _on_month_places),
    _recurrence(f"{EVERY} {MONTH_PLACES} of the month", _on_month_places),
    _recurrence(f"{EVERY} {MONTH_DAYS}{FOLLOWED_BY_FUNCTION_WORD}", _on_month_places),
    _recurrence(f"(?:on )?(?:the )?{MONTH_PLACES} {OF_EVERY_MONTH}", _on_month_places),
    _recurrence(f"{EVERY} (?:{NTH} )?years? on {YEAR_DAY}", _on_year_day),
    _recurrence(f"{EVERY} (?:{NTH} )?years? on {MONTH_FIRST}", _on_year_day),
    _recurrence(f"{EVERY} {YEAR_DAY}", _on_year_day),
    _recurrence(f"{EVERY} {MONTH_FIRST}", _on_year_day),
    _recurrence(f"(?P<adverb>{'|'.join(ADVERBS)}){FOLLOWED_BY_TIME}", _adverb),
    phrase(f"(?P<count>{COUNT}) {UNIT} {AFTER_COMPLETION}", _so_long_after),
    phrase(f"for (?P<count>{COUNT}) (?:times|occurrences)", _times),
)
