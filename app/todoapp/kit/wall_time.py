"""Between wall time (a naive datetime: what a clock in the zone shows) and instants (aware, UTC)."""

from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

__all__ = ["LAST", "instant", "wall_time"]

# The last wall time that is sure to have an instant: a zone may be a day behind UTC.
LAST = datetime(9998, 12, 31, 23, 59, 59)  # noqa: DTZ001 - wall time


def wall_time(at: datetime, zone: str) -> datetime:
    """What a clock in the IANA `zone` shows at the aware instant `at`."""
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)


def instant(wall: datetime, zone: str) -> datetime:
    """The first instant (UTC) at which a clock in the IANA `zone` has reached `wall`.

    A wall time that comes twice takes its first instant; one that a change of the clocks skips
    takes the instant of that change. So a later wall time never has an earlier instant.

    Raises:
        ZoneInfoNotFoundError: no such zone.
        OverflowError: the instant lies outside the years 1 to 9999.
    """
    here = ZoneInfo(zone)
    first = wall.replace(tzinfo=here, fold=0).astimezone(UTC)
    if wall_time(first, zone) == wall:
        return first
    # PEP 495: in a gap, fold=1 is as far before the change as the gap is long, fold=0 is after it.
    before = wall.replace(tzinfo=here, fold=1, microsecond=0).astimezone(UTC)
    seconds = range(int((first - before).total_seconds()) + 1)
    reached = bisect_left(seconds, wall, key=lambda s: wall_time(before + timedelta(seconds=s), zone))
    return before + timedelta(seconds=reached)
