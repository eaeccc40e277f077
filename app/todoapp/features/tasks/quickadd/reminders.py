"""Phrases for a reminder: `remind me 30 minutes before`, `remind me at 8`, `remind me to`."""

import re
from datetime import timedelta

from todoapp.features.tasks.quickadd.phrase import Clock, phrase
from todoapp.features.tasks.quickadd.times import HALF, HOUR, MINUTE, clock_time
from todoapp.features.tasks.quickadd.values import ReminderAt, ReminderBefore
from todoapp.features.tasks.quickadd.vocabulary import (
    COUNT,
    FOLLOWED_BY_FUNCTION_WORD,
    count_named,
    unit_named,
)

__all__ = ["REMINDER_PHRASES"]

Found = re.Match[str]

REMIND_ME = "(?:remind me|(?:with )?(?:a )?reminder)"


def _before(found: Found, _: Clock) -> ReminderBefore:
    size, unit = unit_named(found["unit"])
    return ReminderBefore(size * count_named(found["count"]) * timedelta(**{f"{unit}s": 1}))


def _at(found: Found, clock: Clock) -> ReminderAt | None:
    shown = clock_time(found, clock)
    return ReminderAt(shown.time) if shown else None


def _when_due(_found: Found, _: Clock) -> ReminderBefore:
    return ReminderBefore(timedelta())


REMINDER_PHRASES = (
    phrase(
        f"{REMIND_ME} (?P<count>{COUNT}) (?P<unit>(?:minute|min|hour|day|week)s?) (?:before|earlier)", _before
    ),
    phrase(f"{REMIND_ME} at {HOUR}{MINUTE}(?:{HALF})?", _at),
    phrase(f"{REMIND_ME} at {HOUR}{HALF}", _at),
    phrase(f"{REMIND_ME} at {HOUR}{FOLLOWED_BY_FUNCTION_WORD}", _at),
    phrase("remind me to", _when_due),
    phrase(r"remind me(?=\x20*+$)", _when_due),
)
