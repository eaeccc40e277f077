"""Lengths of time and instants as Dapr's files and API write them."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from dateutil.relativedelta import relativedelta

__all__ = ["parse_duration", "parse_instant", "parse_timestamp"]

_GO_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_GO_TERM = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")
_GO_DURATION = re.compile(rf"(?:{_GO_TERM.pattern})+|0")
_ISO_DURATION = re.compile(
    r"P(?=.)(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?=.)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?"
)


def parse_duration(text: str) -> timedelta:
    """Read a Go duration such as `1h30m`, `500ms` or `0`.

    Raises:
        ValueError: `text` is something else, a negative duration included.
    """
    if not _GO_DURATION.fullmatch(text):
        raise ValueError(f"'{text}' is not a duration such as 500ms, 5s or 1h30m")
    seconds = sum(float(number) * _GO_UNITS[unit] for number, unit in _GO_TERM.findall(text))
    return timedelta(seconds=seconds)


def parse_timestamp(text: str) -> datetime:
    """Read an RFC 3339 instant; its offset is required.

    Raises:
        ValueError: `text` is something else.
    """
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"'{text}' has no offset from UTC")
    return instant.astimezone(UTC)


def parse_instant(text: str, *, now: datetime) -> datetime:
    """Read an instant that is written as RFC 3339, or as a Go or ISO 8601 duration from `now`.

    Raises:
        ValueError: `text` is none of the three.
    """
    if _GO_DURATION.fullmatch(text):
        return now + parse_duration(text)
    if iso := _ISO_DURATION.fullmatch(text):
        parts: dict[str, Any] = {unit: int(count) for unit, count in iso.groupdict(default="0").items()}
        return now + relativedelta(**parts)
    return parse_timestamp(text)
