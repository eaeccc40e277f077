from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from todoapp_sidecar.schedule import InvalidSchedule, parse_due_time, parse_schedule

START = datetime(2027, 3, 1, 12, 0, 0, 500_000, tzinfo=UTC)


def ticks(text: str, count: int, start: datetime = START) -> list[datetime]:
    """The first ticks of a schedule after `start`."""
    schedule, found = parse_schedule(text), [start]
    for _ in range(count):
        tick = schedule.after(found[-1])
        assert tick is not None
        found.append(tick)
    return found[1:]


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("*/2 * * * * *", "2027-03-01T12:00:02Z", "2027-03-01T12:00:04Z"),
        ("0 30 9 * * 1-5", "2027-03-02T09:30:00Z", "2027-03-03T09:30:00Z"),
        ("0 30 9 ? * MON", "2027-03-08T09:30:00Z", "2027-03-15T09:30:00Z"),
        ("0 30 9 8 * wed", "2027-03-03T09:30:00Z", "2027-03-08T09:30:00Z"),
        ("0 30 9 */20 * WED", "2027-03-03T09:30:00Z", "2027-03-10T09:30:00Z"),
        ("0 30 9 */1 * WED", "2027-03-03T09:30:00Z", "2027-03-10T09:30:00Z"),
        ("0 30 9 * * 1/3", "2027-03-04T09:30:00Z", "2027-03-08T09:30:00Z"),
        ("0 30 9 * * */3", "2027-03-03T09:30:00Z", "2027-03-06T09:30:00Z"),
        ("CRON_TZ=Europe/Berlin 0 30 2 27-29 3 *", "2027-03-27T01:30:00Z", "2027-03-29T00:30:00Z"),
        ("CRON_TZ=Europe/Berlin 0 30 2 31 10 *", "2027-10-31T00:30:00Z", "2027-10-31T01:30:00Z"),
        ("CRON_TZ=Europe/Berlin 0 30 9 * * *", "2027-03-02T08:30:00Z", "2027-03-03T08:30:00Z"),
        ("TZ=America/New_York 0 0 0 * * *", "2027-03-02T05:00:00Z", "2027-03-03T05:00:00Z"),
        ("@hourly", "2027-03-01T13:00:00Z", "2027-03-01T14:00:00Z"),
        ("@daily", "2027-03-02T00:00:00Z", "2027-03-03T00:00:00Z"),
        ("@midnight", "2027-03-02T00:00:00Z", "2027-03-03T00:00:00Z"),
        ("@weekly", "2027-03-07T00:00:00Z", "2027-03-14T00:00:00Z"),
        ("@monthly", "2027-04-01T00:00:00Z", "2027-05-01T00:00:00Z"),
        ("@yearly", "2028-01-01T00:00:00Z", "2029-01-01T00:00:00Z"),
    ],
)
def test_cron_and_its_shorthands(text: str, first: str, second: str) -> None:
    assert ticks(text, 2) == [datetime.fromisoformat(first), datetime.fromisoformat(second)]


def test_wall_time_is_kept_across_the_change_to_summer_time() -> None:
    before = datetime(2027, 3, 27, 0, tzinfo=UTC)

    hours = [tick.hour for tick in ticks("CRON_TZ=Europe/Berlin 0 0 9 * * *", 3, before)]
    assert hours == [8, 7, 7]


@pytest.mark.parametrize(
    ("text", "seconds"), [("@every 90s", 90), ("@every 1m", 60), ("@every 1.9s", 1), ("@every 10ms", 1)]
)
def test_intervals_are_whole_seconds(text: str, seconds: int) -> None:
    assert [later - earlier for earlier, later in pairwise([START, *ticks(text, 3)])] == [
        timedelta(seconds=seconds)
    ] * 3


@pytest.mark.parametrize(
    ("text", "start"), [("0 0 0 30 2 *", START), ("0 0 0 1 1 *", datetime(9999, 6, 1, tzinfo=UTC))]
)
def test_schedule_on_an_impossible_day_has_no_tick(text: str, start: datetime) -> None:
    assert parse_schedule(text).after(start) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("0 9 * * *", r"expected exactly 6 fields, found 5: \[0 9 \* \* \*\]"),
        ("every day", r"expected exactly 6 fields, found 2: \[every day\]"),
        ("CRON_TZ=Mars/Base 0 0 9 * * *", "unknown time zone Mars/Base"),
        ("0 61 9 * * *", "failed to parse cron expression"),
        ("0 0 9 32 * *", "failed to parse cron expression"),
        ("0 0 9 * 13 *", "failed to parse cron expression"),
        (f"{'9' * 5000} 0 9 * * *", "failed to parse cron expression"),
        ("@fortnightly", "unrecognized descriptor: @fortnightly"),
        ("@every now", "failed to parse duration @every now"),
    ],
)
def test_a_malformed_schedule_is_refused(text: str, reason: str) -> None:
    with pytest.raises(InvalidSchedule, match=reason):
        parse_schedule(text)


@pytest.mark.parametrize("text", ["tomorrow", "", "P99999Y"])
def test_a_malformed_due_time_is_refused(text: str) -> None:
    with pytest.raises(InvalidSchedule, match="due time format not recognized"):
        parse_due_time(text, now=START)
