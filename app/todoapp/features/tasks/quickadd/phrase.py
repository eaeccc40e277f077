"""A phrase: a pattern of English words, and what they say when and where they are written."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from todoapp.features.tasks.quickadd.values import Value
from todoapp.kit.wall_time import wall_time

__all__ = ["Clock", "Phrase", "phrase"]

# A word begins at the start, after a space or a bracket, or after the backslash that keeps it in the title.
BEGINS = r"(?<![^ (\[\\])"
ENDS = r"(?=[,.;:!?)\]]*+(?: |$))"


@dataclass(frozen=True)
class Clock:
    """When and where a text is written."""

    now: datetime
    """aware"""
    zone: str
    """IANA"""

    @cached_property
    def wall(self) -> datetime:
        return wall_time(self.now, self.zone)

    @property
    def today(self) -> date:
        return self.wall.date()


Understand = Callable[[re.Match[str], Clock], Value | None]


@dataclass(frozen=True)
class Phrase:
    pattern: re.Pattern[str]
    understand: Understand
    """None where the words fit but have no meaning, like `31 April`"""


def phrase(words: str, understand: Understand) -> Phrase:
    """A phrase of whole words; a space in the pattern `words` stands for any number of spaces.

    Every repetition in `words` has to be bounded or possessive, so that no text takes long to match.
    """
    spaced = words.replace(" ", " ++")
    return Phrase(re.compile(f"{BEGINS}(?:{spaced}){ENDS}", re.ASCII | re.IGNORECASE), understand)
