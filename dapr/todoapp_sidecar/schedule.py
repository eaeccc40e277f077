"""When a job is due: the grammar of Dapr's `schedule` and `dueTime`."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from croniter import CroniterBadDateError, CroniterError, croniter

from todoapp_sidecar.durations import parse_duration, parse_instant

__all__ = ["BadSchedule", "Schedule", "parse_due_time", "parse_schedule"]

_DESCRIPTORS = {
    "@yearly": "0 0 0 1 1 *",
    "@annually": "0 0 0 1 1 *",
    "@monthly": "0 0 0 1 * *",
    "@weekly": "0 0 0 * * 0",
    "@daily": "0 0 0 * * *",
    "@midnight": "0 0 0 * * *",
    "@hourly": "0 0 * * * *",
}
_SHORTEST_INTERVAL = timedelta(seconds=1)


class BadSchedule(ValueError):
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
        ticks = croniter(self.expression, instant.astimezone(self.zone), second_at_beginning=True)
        try:
            tick: datetime = ticks.get_next(datetime)
        except CroniterBadDateError:
            return None
        return tick.astimezone(UTC)


def parse_schedule(text: str) -> Schedule:
    """Read `@every 10s`, `@daily` and the like, or six cron fields after an optional `CRON_TZ=Zone`.

    Raises:
        BadSchedule: `text` is none of these.
    """
    if text.startswith("@every "):
        return _interval(text.removeprefix("@every ").strip())
    fields = text.split()
    zone = _zone(fields.pop(0).partition("=")[2]) if text.startswith(("CRON_TZ=", "TZ=")) else ZoneInfo("UTC")
    if len(fields) == 1 and fields[0].startswith("@"):
        return Cron(_descriptor(fields[0]), zone)
    if len(fields) != 6:
        raise BadSchedule(f"expected exactly 6 fields, found {len(fields)}: [{' '.join(fields)}]")
    expression = " ".join(fields).replace("?", "*")
    try:
        croniter(expression, second_at_beginning=True)
    except CroniterError as error:
        raise BadSchedule(f"failed to parse cron expression: {error}") from error
    return Cron(expression, zone)


def parse_due_time(text: str, *, now: datetime) -> datetime:
    """Read an RFC 3339 instant, or a Go or ISO 8601 duration from `now`.

    Raises:
        BadSchedule: `text` is none of these.
    """
    try:
        return parse_instant(text, now=now)
    except (ValueError, OverflowError) as error:
        raise BadSchedule("due time format not recognized") from error


def _interval(text: str) -> Interval:
    try:
        length = parse_duration(text)
    except ValueError as error:
        raise BadSchedule(f"failed to parse duration @every {text}") from error
    return Interval(max(timedelta(seconds=length // timedelta(seconds=1)), _SHORTEST_INTERVAL))


def _descriptor(name: str) -> str:
    try:
        return _DESCRIPTORS[name]
    except KeyError as error:
        raise BadSchedule(f"unrecognized descriptor: {name}") from error


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise BadSchedule(f"provided bad location {name}: unknown time zone {name}") from error
