"""Wall time across every change of the clocks from 2024 to 2030, and some famous ones before."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from todoapp.features.tasks.recurrence.rule import Occurrence, Recurrence, Series, next_due
from todoapp.kit.wall_time import instant, wall_time

ZONES = [
    "Africa/Cairo",
    "Africa/Casablanca",  # daylight-saving time is the standard, taken back in Ramadan
    "America/Asuncion",
    "America/Havana",  # changes at midnight
    "America/Los_Angeles",
    "America/New_York",
    "America/Nuuk",
    "America/Santiago",
    "America/St_Johns",
    "Antarctica/Troll",  # changes by two hours
    "Asia/Beirut",
    "Asia/Gaza",
    "Asia/Jerusalem",
    "Atlantic/Azores",
    "Australia/Lord_Howe",  # changes by half an hour
    "Australia/Sydney",
    "Europe/Berlin",
    "Europe/Dublin",  # summer is standard time, winter is taken back
    "Europe/London",
    "Pacific/Auckland",
]
MINUTE = timedelta(minutes=1)
QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)


def changes(zone: str, first: datetime, last: datetime) -> list[datetime]:
    """The instants, to the minute, from which the zone has another offset from UTC."""
    here = ZoneInfo(zone)
    days = [first + DAY * n for n in range((last - first).days)]
    found = []
    for start, end in pairwise(days):
        before, after = start, end
        if start.astimezone(here).utcoffset() == end.astimezone(here).utcoffset():
            continue
        while after - before > MINUTE:
            middle = before + (after - before) // MINUTE // 2 * MINUTE
            if middle.astimezone(here).utcoffset() == start.astimezone(here).utcoffset():
                before = middle
            else:
                after = middle
        found.append(after)
    return found


CHANGES = {
    zone: changes(zone, datetime(2024, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)) for zone in ZONES
}
FAMOUS = {
    "Pacific/Apia": [datetime(2011, 12, 30, 10, tzinfo=UTC)],  # the whole 30th was skipped
    "Asia/Pyongyang": [datetime(2018, 5, 4, 15, tzinfo=UTC)],
    "America/Caracas": [datetime(2016, 5, 1, 7, tzinfo=UTC)],
    "Europe/Volgograd": [datetime(2020, 12, 26, 23, tzinfo=UTC)],
}


def test_tested_zones_have_enough_clock_changes() -> None:
    assert len(ZONES) == 20
    assert sum(map(len, CHANGES.values())) > 200
    assert all(CHANGES.values())


@pytest.mark.parametrize("zone", [*CHANGES, *FAMOUS])
def test_an_instant_is_the_first_at_that_wall_time(zone: str) -> None:
    for change in (CHANGES | FAMOUS)[zone]:
        # The longest change is by a day: a little more on each side holds every instant in question.
        clock = [change + QUARTER * n for n in range(-4 * 26, 4 * 26)]
        shown = [at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for at in clock]
        reached: dict[datetime, datetime] = {}
        for at, wall in zip(clock, shown, strict=True):
            reached.setdefault(wall, at)
        for (earlier, later), at in zip(pairwise(shown), clock[1:], strict=True):
            reached |= dict.fromkeys(skipped(earlier, later), at)

        found = {wall: instant(wall, zone) for wall in reached}
        assert found == reached, f"at the change of {zone} on {change:%Y-%m-%d %H:%M} UTC"


def skipped(earlier: datetime, later: datetime) -> list[datetime]:
    """The quarters of an hour between two wall times that a clock shows a quarter apart."""
    return [earlier + QUARTER * n for n in range(1, (later - earlier) // QUARTER)]


@pytest.mark.parametrize("zone", ZONES)
def test_a_daily_task_keeps_its_time_across_zone_changes(zone: str) -> None:
    for change in CHANGES[zone]:
        for quarter in range(-8, 12):
            start = wall_time(change, zone) + QUARTER * quarter - 2 * DAY
            case = f"from {start} across the change of {zone} on {change:%Y-%m-%d %H:%M} UTC"
            occurrences = daily_occurrences(start, zone, 5)

            assert [each.scheduled for each in occurrences] == [start + DAY * n for n in range(5)], case
            assert all(earlier.due < later.due for earlier, later in pairwise(occurrences)), case
            moved = [each for each in occurrences if wall_time(each.due, zone) != each.scheduled]
            assert all(each.due == change for each in moved), case


def daily_occurrences(start: datetime, zone: str, count: int) -> list[Occurrence]:
    """The first occurrences of a daily task, each done when it is due."""
    daily = Series(Recurrence(rrule="FREQ=DAILY"), start, zone)
    occurrences = [Occurrence(start, instant(start, zone), 1)]
    for _ in range(count - 1):
        done = occurrences[-1]
        following = next_due(daily, scheduled=done.scheduled, number=done.number, finished=done.due)
        assert following is not None
        occurrences.append(following)
    return occurrences


def test_a_day_skipped_by_its_zone_merges_with_the_next() -> None:
    daily = Series(Recurrence(rrule="FREQ=DAILY"), datetime.fromisoformat("2011-12-29T00:00"), "Pacific/Apia")

    skipped_day = next_due(
        daily, scheduled=daily.start, number=1, finished=instant(daily.start, "Pacific/Apia")
    )
    assert skipped_day is not None
    day_after = next_due(daily, scheduled=skipped_day.scheduled, number=2, finished=skipped_day.due)

    assert day_after is not None
    assert [wall_time(each.due, "Pacific/Apia").day for each in (skipped_day, day_after)] == [31, 1]
