"""Field types that several features share."""

import unicodedata
from difflib import get_close_matches
from functools import cache
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, StringConstraints

__all__ = ["Colour", "Line", "Name", "Text", "TimeZone", "name_key"]


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _known_zone(name: str) -> str:
    if name in _zones():
        return name
    by_lower = {zone.lower(): zone for zone in _zones()}
    similar = get_close_matches(name.lower(), by_lower, n=1)
    hint = f"; did you mean {by_lower[similar[0]]}?" if similar else ", like Europe/Berlin."
    raise ValueError(f"{name!r} is not an IANA time zone{hint}")


def _without_control_characters(value: str) -> str:
    for character in value:
        if unicodedata.category(character) in {"Cc", "Cs"} and character not in "\n\t\r":
            raise ValueError(f"the character U+{ord(character):04X} is not allowed in a text")
    return value


def _one_line(value: str) -> str:
    if any(character in value for character in "\n\r\t"):
        raise ValueError("it must be one line, without tabs")
    return value


def name_key(name: str) -> str:
    """The form in which names are compared: "Café", "CAFÉ" and its decomposed spelling are one."""
    return unicodedata.normalize("NFKC", name).casefold()


TimeZone = Annotated[str, AfterValidator(_known_zone)]
Text = Annotated[str, AfterValidator(_without_control_characters)]
Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True),
    AfterValidator(_without_control_characters),
    AfterValidator(_one_line),
]
Name = Annotated[Line, StringConstraints(min_length=1, max_length=100)]
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$", to_lower=True)]
