"""Finding the phrases in a text."""

import re
from dataclasses import dataclass, field

from todoapp.features.tasks.quickadd.days import DAY_PHRASES
from todoapp.features.tasks.quickadd.marks import MARK_PHRASES
from todoapp.features.tasks.quickadd.phrase import Clock
from todoapp.features.tasks.quickadd.recurrences import RECURRENCE_PHRASES
from todoapp.features.tasks.quickadd.reminders import REMINDER_PHRASES
from todoapp.features.tasks.quickadd.times import TIME_PHRASES
from todoapp.features.tasks.quickadd.values import Value

__all__ = ["Found", "Scan", "scan"]

PHRASES = (*RECURRENCE_PHRASES, *DAY_PHRASES, *TIME_PHRASES, *REMINDER_PHRASES, *MARK_PHRASES)
WORD = re.compile(r"(?<![^ (\[])[^ ]")


@dataclass(frozen=True)
class Found:
    """A phrase in a text: `text[start:end]`."""

    start: int
    end: int
    meaning: Value


@dataclass(frozen=True)
class Scan:
    """Both are in the order of the text, without overlap."""

    phrases: list[Found] = field(default_factory=list)
    backslashes: list[int] = field(default_factory=list)
    """Where those are that keep a phrase in the title"""


def scan(text: str, clock: Clock) -> Scan:
    """Find the phrases of `text`, whose only white space is the space.

    Where several begin, the longest counts even if it says nothing: of `every year on 31 April` not even
    `every year` holds. Of equals it is the first in the order of `PHRASES` that says something.
    """
    found = Scan()
    position = 0
    while word := WORD.search(text, position):
        start = word.start()
        position, meaning = _longest_phrase(start, text, clock)
        if meaning is not None:
            found.phrases.append(Found(start, position, meaning))
        elif word[0] == "\\" and position == start:
            position, kept = _longest_phrase(start + 1, text, clock)
            if kept is not None:
                found.backslashes.append(start)
        position = max(position, start + 1)
    return found


def _longest_phrase(start: int, text: str, clock: Clock) -> tuple[int, Value | None]:
    """Where the longest phrase from `start` on ends, `start` if none begins there, and what it says."""
    matches = [(phrase, match) for phrase in PHRASES if (match := phrase.pattern.match(text, start))]
    end = max((match.end() for _, match in matches), default=start)
    meanings = (phrase.understand(match, clock) for phrase, match in matches if match.end() == end)
    return end, next((meaning for meaning in meanings if meaning is not None), None)
