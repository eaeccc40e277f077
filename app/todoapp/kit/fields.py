"""Field types, and bases of inputs and answers, that several features share."""

import re
import unicodedata
from datetime import UTC, date, datetime
from difflib import get_close_matches
from functools import cache
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    EmailStr,
    Field,
    SecretStr,
    StringConstraints,
)

__all__ = [
    "Colour",
    "Day",
    "Email",
    "Input",
    "Line",
    "Name",
    "NewPassword",
    "Text",
    "TimeZone",
    "Timestamp",
    "View",
    "name_key",
]

FULL_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
"""How both days and instants begin (RFC 3339 §5.6)."""
CONTROL_CHARACTER = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\ud800-\\udfff]")
"""Of the categories Cc and Cs, but for tab and ends of lines."""
LONGEST_TEXT = 20_000  # characters
LONGEST_ZONE = 100


class Input(BaseModel):
    """What a request may say; a field that we do not know is refused rather than ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class View(BaseModel):
    """What an answer shows, read from the attributes of a row."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    def as_value(self) -> dict[str, Any]:
        """The view as the feed carries it."""
        return self.model_dump(mode="json")


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
    if found := CONTROL_CHARACTER.search(value):
        raise ValueError(f"the character U+{ord(found[0]):04X} is not allowed in a text")
    return value


def _one_line(value: str) -> str:
    if any(character in value for character in "\n\r\t"):
        raise ValueError("it must be one line, without tabs")
    return value


def _day_written_out(value: object) -> object:
    """Pydantic reads numbers too, as seconds since 1970, and instants at midnight."""
    if isinstance(value, int | float) or (isinstance(value, str) and not FULL_DATE.fullmatch(value)):
        raise ValueError("it must be a day, like 2027-03-01")
    return value


def _instant_written_out(value: object) -> object:
    if isinstance(value, int | float) or (isinstance(value, str) and not FULL_DATE.match(value)):
        raise ValueError("it must be an instant with its offset, like 2027-03-01T09:00:00Z")
    return value


def _in_range_of_utc(instant: datetime) -> datetime:
    try:
        instant.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("its year must be from 1 to 9999, in UTC too") from error
    return instant


def name_key(name: str) -> str:
    """The form in which names are compared: "Café", "CAFÉ" and its decomposed spelling are one."""
    return unicodedata.normalize("NFKC", name).casefold()


TimeZone = Annotated[str, StringConstraints(max_length=LONGEST_ZONE), AfterValidator(_known_zone)]
Email = Annotated[EmailStr, AfterValidator(str.lower)]
Day = Annotated[date, BeforeValidator(_day_written_out)]
Timestamp = Annotated[AwareDatetime, BeforeValidator(_instant_written_out), AfterValidator(_in_range_of_utc)]
"""An instant as RFC 3339 writes it, with its offset."""
# The length comes first, because looking at every character of a long text takes long.
Text = Annotated[str, StringConstraints(max_length=LONGEST_TEXT), AfterValidator(_without_control_characters)]
Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=LONGEST_TEXT),
    AfterValidator(_without_control_characters),
    AfterValidator(_one_line),
]
Name = Annotated[Line, StringConstraints(min_length=1, max_length=100)]
NewPassword = Annotated[SecretStr, Field(min_length=8, max_length=128)]
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$", to_lower=True)]
