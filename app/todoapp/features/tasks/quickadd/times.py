"""Phrases for a time of day: `at 9`, `9pm`, `17:30`, `at noon`, `in the evening`."""

import re
from datetime import time

from todoapp.features.tasks.quickadd.phrase import Clock, phrase
from todoapp.features.tasks.quickadd.values import TimeOfDay
from todoapp.features.tasks.quickadd.vocabulary import FOLLOWED_BY_FUNCTION_WORD

__all__ = ["DAY_PART", "DAY_PARTS", "HALF", "HOUR", "MINUTE", "TIME_PHRASES", "clock_time", "in_later_half"]

DAY_PARTS = {"morning": time(9), "afternoon": time(15), "evening": time(18), "night": time(20)}
NAMED_TIMES = {"noon": time(12), "midday": time(12), "midnight": time(0)}

HOUR = "(?P<hour>[01]?[0-9]|2[0-3])"
MINUTE = "[:h](?P<minute>[0-5][0-9])"
HALF = "(?: )?(?P<half>[ap])(?:m|[.]m[.]?)"
DAY_PART = f"(?P<part>{'|'.join(DAY_PARTS)})"
AT = "(?:(?:at|by|from|around) |@(?: )?)?"
SURELY_AT = "(?:at |@(?: )?)"
OF_DAY_PART = f"(?: (?:in the|at) {DAY_PART})?"


def clock_time(found: re.Match[str], _: Clock) -> TimeOfDay | None:
    """What a clock shows; without am, pm or a part of the day it has 24 hours."""
    shown = found.groupdict()
    half, part = shown.get("half"), shown.get("part")
    wanted = time(int(shown["hour"]), int(shown.get("minute") or 0))
    if half is not None:
        if not 1 <= wanted.hour <= 12:
            return None
        return TimeOfDay(wanted.replace(hour=wanted.hour % 12 + (12 if half in "pP" else 0)))
    if part is not None:
        return TimeOfDay(in_later_half(wanted, DAY_PARTS[part.lower()]))
    return TimeOfDay(wanted, is_bare_hour="minute" not in shown)


def in_later_half(wanted: time, part: time) -> time:
    """7 o'clock is 19:00 in an evening that begins at `part`."""
    is_later = part >= time(12) and wanted < time(12)
    return wanted.replace(hour=wanted.hour + 12) if is_later else wanted


def _named_time(found: re.Match[str], _: Clock) -> TimeOfDay:
    return TimeOfDay(NAMED_TIMES[found["name"].lower()])


def _day_part(found: re.Match[str], _: Clock) -> TimeOfDay:
    return TimeOfDay(DAY_PARTS[found["part"].lower()])


TIME_PHRASES = (
    phrase(f"{AT}{HOUR}{MINUTE}(?:{HALF})?{OF_DAY_PART}", clock_time),
    phrase(f"{AT}{HOUR}{HALF}", clock_time),
    phrase(f"{AT}{HOUR} o['’]clock{OF_DAY_PART}", clock_time),
    phrase(f"{SURELY_AT}{HOUR}{OF_DAY_PART}{FOLLOWED_BY_FUNCTION_WORD}", clock_time),
    phrase(f"{AT}(?P<name>{'|'.join(NAMED_TIMES)})", _named_time),
    phrase(f"(?:in the|at) {DAY_PART}", _day_part),
)
