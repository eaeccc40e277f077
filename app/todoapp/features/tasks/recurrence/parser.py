"""The text of a recurrence rule (RFC 5545 §3.3.10), read strictly."""

import re
from collections.abc import Collection, Mapping
from datetime import date, datetime

from todoapp.features.tasks.recurrence.rrule import WEEKDAYS, Frequency, InvalidRecurrence, NthWeekday, RRule
from todoapp.features.tasks.recurrence.seldom import comes_true
from todoapp.kit.wall_time import wall_time

__all__ = ["LARGEST_COUNT", "LARGEST_INTERVAL", "YEARS", "parse_rrule", "stored_rrule"]

LARGEST_COUNT = 9_999
LARGEST_INTERVAL = 999
LONGEST = 1_000  # characters
YEARS = range(1900, 9999)
PARTS = ("FREQ", "INTERVAL", "BYMONTH", "BYMONTHDAY", "BYDAY", "BYSETPOS", "WKST", "COUNT", "UNTIL")
NUMBER = re.compile(r"[+-]?[0-9]{1,4}")
NTH_WEEKDAY = re.compile(rf"(?P<ordinal>[+-]?(?:0?[1-9]|[1-5][0-9]))?(?P<weekday>{'|'.join(WEEKDAYS)})")
UNTIL = re.compile(r"[0-9]{8}(T[0-9]{6}Z?)?")


def parse_rrule(text: str, *, zone: str | None = None) -> RRule:
    """Read a rule; a leading `RRULE:` is fine.

    The IANA `zone` turns an UNTIL in UTC into wall time; without it such an UNTIL is refused.

    Raises:
        InvalidRecurrence: a part is unknown, malformed, out of range or contradicts another, or
            the rule never yields a date.
    """
    rule = _rule(text, zone)
    _refuse_contradictions(rule)
    if not comes_true(rule):
        raise InvalidRecurrence(f"The rule '{rule}' never yields a date; change its BY… parts.")
    return rule


def stored_rrule(text: str) -> RRule:
    """Read a rule that `parse_rrule` has accepted before, as its `str` wrote it: nothing is checked again."""
    return _rule(text, zone=None)


def _rule(text: str, zone: str | None) -> RRule:
    parts = _parts(text)
    return RRule(
        _frequency(parts),
        interval=_number(parts, "INTERVAL", LARGEST_INTERVAL) or 1,
        by_month=_numbers(parts, "BYMONTH", range(1, 13)),
        by_month_day=_numbers(parts, "BYMONTHDAY", _from_either_end(31)),
        by_day=_weekdays(parts),
        by_set_pos=_numbers(parts, "BYSETPOS", _from_either_end(366)),
        week_start=_week_start(parts),
        count=_number(parts, "COUNT", LARGEST_COUNT),
        until=_until(parts, zone),
    )


def _parts(text: str) -> dict[str, str]:
    if len(text) > LONGEST:
        raise InvalidRecurrence(f"The rule is longer than {LONGEST} characters.")
    parts: dict[str, str] = {}
    for part in text.strip().upper().removeprefix("RRULE:").split(";"):
        name, equals, value = part.partition("=")
        if not equals:
            raise InvalidRecurrence(f"The rule has '{part}' where a part NAME=VALUE is expected.")
        if name not in PARTS:
            raise InvalidRecurrence(f"The rule has an unknown part {name}; the parts are {', '.join(PARTS)}.")
        if name in parts:
            raise InvalidRecurrence(f"The rule has {name} twice; keep one.")
        parts[name] = value
    return parts


def _frequency(parts: Mapping[str, str]) -> Frequency:
    names = ", ".join(Frequency.__members__)
    if "FREQ" not in parts:
        raise InvalidRecurrence(f"The rule has no FREQ; it needs one of {names}.")
    if parts["FREQ"] not in Frequency.__members__:
        raise InvalidRecurrence(f"FREQ is '{parts['FREQ']}'; it must be one of {names}.")
    return Frequency[parts["FREQ"]]


def _number(parts: Mapping[str, str], name: str, largest: int) -> int | None:
    if name not in parts:
        return None
    text = parts[name]
    if not NUMBER.fullmatch(text) or not 1 <= int(text) <= largest:
        raise InvalidRecurrence(f"{name} is '{text}'; it must be a whole number from 1 to {largest}.")
    return int(text)


def _numbers(parts: Mapping[str, str], name: str, allowed: Collection[int]) -> tuple[int, ...]:
    if name not in parts:
        return ()
    items = parts[name].split(",")
    for item in items:
        if not NUMBER.fullmatch(item) or int(item) not in allowed:
            sign = ", or negative to count from the end" if min(allowed) < 0 else ""
            raise InvalidRecurrence(
                f"{name} has '{item}'; it takes whole numbers from 1 to {max(allowed)}{sign}."
            )
    return tuple(sorted({int(item) for item in items}))


def _from_either_end(largest: int) -> Collection[int]:
    return {*range(-largest, 0), *range(1, largest + 1)}


def _weekdays(parts: Mapping[str, str]) -> tuple[NthWeekday, ...]:
    if "BYDAY" not in parts:
        return ()
    return tuple(sorted({_nth_weekday(item) for item in parts["BYDAY"].split(",")}))


def _nth_weekday(item: str) -> NthWeekday:
    match = NTH_WEEKDAY.fullmatch(item)
    if match is None:
        raise InvalidRecurrence(
            f"BYDAY has '{item}'; it takes {', '.join(WEEKDAYS)}, the first and last of them as 1MO and -1MO."
        )
    return NthWeekday(WEEKDAYS.index(match["weekday"]), int(match["ordinal"] or 0))


def _week_start(parts: Mapping[str, str]) -> int:
    day = parts.get("WKST", "MO")
    if day not in WEEKDAYS:
        raise InvalidRecurrence(f"WKST is '{day}'; it must be one of {', '.join(WEEKDAYS)}.")
    return WEEKDAYS.index(day)


def _until(parts: Mapping[str, str], zone: str | None) -> date | datetime | None:
    if "UNTIL" not in parts:
        return None
    text = parts["UNTIL"]
    if text.endswith("Z") and zone is None:
        raise InvalidRecurrence(f"UNTIL is '{text}', in UTC; without a time zone it must be wall time.")
    try:
        until = _moment(text, zone)
    except (ValueError, OverflowError):
        until = None
    if until is None or until.year not in YEARS:
        raise InvalidRecurrence(
            f"UNTIL is '{text}'; it must be a day (20270630) or a time (20270630T210000, in UTC with Z) "
            f"of the years {YEARS[0]} to {YEARS[-1]}."
        )
    return until if "T" in text else until.date()


def _moment(text: str, zone: str | None) -> datetime | None:
    """The wall time that UNTIL names, a day by its first moment; None if malformed."""
    if not UNTIL.fullmatch(text):
        return None
    moment = datetime.fromisoformat(text)
    return wall_time(moment, zone) if zone is not None and moment.tzinfo is not None else moment


def _refuse_contradictions(rule: RRule) -> None:
    if rule.count is not None and rule.until is not None:
        raise InvalidRecurrence("COUNT and UNTIL both end the rule; keep one.")
    if rule.by_month_day and rule.frequency is Frequency.WEEKLY:
        raise InvalidRecurrence("BYMONTHDAY does not go with FREQ=WEEKLY; use MONTHLY or YEARLY.")
    if rule.by_set_pos and rule.is_bare:
        raise InvalidRecurrence("BYSETPOS chooses among the dates of another BY… part; add one.")
    largest = rule.largest_ordinal
    for weekday in rule.by_day:
        if abs(weekday.ordinal) > largest:
            limit = f"ordinals go up to {largest} here" if largest else "ordinals need FREQ=MONTHLY or YEARLY"
            raise InvalidRecurrence(f"BYDAY has '{weekday}'; {limit}.")
