"""When a job is due: the grammar of Dapr's `schedule` and `dueTime`."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from todoapp_sidecar.durations import parse_duration, parse_instant

__all__ = ["InvalidSchedule", "Schedule", "parse_due_time", "parse_schedule"]

_DESCRIPTORS = {
    "@yearly": "0 0 0 1 1 *",
    "@annually": "0 0 0 1 1 *",
    "@monthly": "0 0 0 1 * *",
    "@weekly": "0 0 0 * * 0",
    "@daily": "0 0 0 * * *",
    "@midnight": "0 0 0 * * *",
    "@hourly": "0 0 * * * *",
}
_EVERY_ONE = re.compile(r"(?<![^,])\*/0*1(?![^,])")
_STEPS = re.compile(r"(?<![^,])\*/(?P<step>\d+)")
_STEPS_FROM = re.compile(r"(?<![^,])(\w+)/")
_SHORTEST_INTERVAL = timedelta(seconds=1)


class InvalidSchedule(ValueError):
    """The text is not a schedule; the message is the Dapr scheduler's."""


class Schedule(Protocol):
    def after(self, instant: datetime) -> datetime | None:
        """The first tick later than `instant`, in UTC; None when there is none."""


@dataclass(frozen=True)
class Interval:
    """`@every 10s`: whole seconds, one at least."""

    length: timedelta

    def after(self, instant: datetime) -> datetime:
        return instant + self.length


@dataclass(frozen=True)
class Cron:
    """Six fields, seconds first, in the wall time of `zone`."""

    expression: str
    zone: ZoneInfo

    def after(self, instant: datetime) -> datetime | None:
        try:
            tick = next(CronSim(self.expression, instant.astimezone(self.zone)), None)
            return tick.astimezone(UTC) if tick is not None else None
        except (CronSimError, OverflowError):  # a day that its months do not have; past the year 9999
            return None


def parse_schedule(text: str) -> Schedule:
    """Read `@every 10s`, `@daily` and the like, or six cron fields after an optional `CRON_TZ=Zone`.

    Raises:
        InvalidSchedule: `text` is none of these.
    """
    if text.startswith("@every "):
        return _interval(text.removeprefix("@every ").strip())
    fields = text.split()
    zone = _zone(fields.pop(0).partition("=")[2]) if text.startswith(("CRON_TZ=", "TZ=")) else ZoneInfo("UTC")
    if len(fields) == 1 and fields[0].startswith("@"):
        return Cron(_descriptor(fields[0]), zone)
    if len(fields) != 6:
        raise InvalidSchedule(f"expected exactly 6 fields, found {len(fields)}: [{' '.join(fields)}]")
    return Cron(_expression(" ".join(fields).replace("?", "*")), zone)


def parse_due_time(text: str, *, now: datetime) -> datetime:
    """Read an RFC 3339 instant, or a Go or ISO 8601 duration from `now`.

    Raises:
        InvalidSchedule: `text` is none of these.
    """
    try:
        return parse_instant(text, now=now)
    except (ValueError, OverflowError) as error:
        raise InvalidSchedule("due time format not recognized") from error


def _interval(text: str) -> Interval:
    try:
        length = parse_duration(text)
    except ValueError as error:
        raise InvalidSchedule(f"failed to parse duration @every {text}") from error
    return Interval(max(timedelta(seconds=length // timedelta(seconds=1)), _SHORTEST_INTERVAL))


def _expression(fields: str) -> str:
    """Six fields as cronsim reads what Dapr's scheduler would.

    Raises:
        InvalidSchedule: a field is not one.
    """
    second, minute, hour, day, month, weekday = fields.split()
    # With `*/2` in one of the two fields of days Dapr runs on days that fit either field, cronsim on days
    # that fit both; and cronsim counts steps up to a second Sunday, 7.
    day = _STEPS.sub(r"1-31/\g<step>", _EVERY_ONE.sub("*", day))
    weekday = _STEPS.sub(r"0-6/\g<step>", _EVERY_ONE.sub("*", weekday))
    weekday = _STEPS_FROM.sub(r"\1-6/", weekday)
    try:
        # Day and month apart: together, cronsim would refuse a 30th of February, which Dapr never runs.
        for part in (f"{second} {minute} {hour} {day} * {weekday}", f"* * * * {month} *"):
            CronSim(part, datetime.now(UTC))
    except (CronSimError, ValueError) as error:  # ValueError: a number of thousands of digits
        raise InvalidSchedule(f"failed to parse cron expression: {error}") from error
    return f"{second} {minute} {hour} {day} {month} {weekday}"


def _descriptor(name: str) -> str:
    try:
        return _DESCRIPTORS[name]
    except KeyError as error:
        raise InvalidSchedule(f"unrecognized descriptor: {name}") from error


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise InvalidSchedule(f"provided bad location {name}: unknown time zone {name}") from error
