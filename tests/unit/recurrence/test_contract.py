"""Each sentence on recurrence in the application's contract, as a person would meet it."""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

import pytest

from todoapp.features.tasks.recurrence.rule import (
    Occurrence,
    Recurrence,
    Series,
    first_due,
    next_due,
    parse_recurrence,
)
from todoapp.kit.wall_time import instant, wall_time

BERLIN = "Europe/Berlin"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def series(value: object, start: str, zone: str = BERLIN) -> Series:
    return Series(parse_recurrence(value, due=at(start), zone=zone), at(start), zone)


def days_done_on_time(repeats: Series, count: int) -> list[str]:
    """The first `count` days of a series whose every occurrence is done when it is due."""
    days: list[str] = []
    occurrence: Occurrence | None = begin(repeats)
    while occurrence is not None and len(days) < count:
        days.append(f"{occurrence.scheduled:%Y-%m-%d}")
        occurrence = done(repeats, occurrence, occurrence.due)
    return days


def begin(repeats: Series) -> Occurrence:
    return Occurrence(repeats.start, instant(repeats.start, repeats.zone), 1)


def done(repeats: Series, occurrence: Occurrence, finished: datetime) -> Occurrence | None:
    return next_due(repeats, scheduled=occurrence.scheduled, number=occurrence.number, finished=finished)


def done_at(repeats: Series, finished: str) -> str | None:
    """Wall time of the second occurrence when the first is done at wall time `finished`."""
    following = done(repeats, begin(repeats), instant(at(finished), repeats.zone))
    return None if following is None else f"{wall_time(following.due, repeats.zone):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("shorthand", "rule"),
    [
        ("daily", "FREQ=DAILY"),
        ("weekly", "FREQ=WEEKLY;BYDAY=TH"),
        ("monthly", "FREQ=MONTHLY;BYMONTHDAY=7"),
        ("yearly", "FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=7"),
        ("weekdays", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
        ({"type": "weekly", "days": ["Monday"]}, "FREQ=WEEKLY;BYDAY=MO"),
    ],
)
def test_shorthands_are_stored_as_rrule(shorthand: object, rule: str) -> None:
    stored = parse_recurrence(shorthand, due=at("2027-01-07T09:00"), zone=BERLIN)

    assert stored.model_dump() == {"rrule": rule, "basis": "due"}


def test_end_date_becomes_until_and_includes_that_day() -> None:
    evenings = series({"type": "daily", "end_date": "2027-06-30"}, "2027-06-28T23:30")

    assert str(evenings.rule.rrule) == "FREQ=DAILY;UNTIL=20270630"
    assert days_done_on_time(evenings, 9) == ["2027-06-28", "2027-06-29", "2027-06-30"]


def test_an_explicit_rule_follows_the_rfc_and_skips_short_months() -> None:
    rent = series({"rrule": "FREQ=MONTHLY;BYMONTHDAY=31"}, "2027-01-31T09:00")

    assert days_done_on_time(rent, 4) == ["2027-01-31", "2027-03-31", "2027-05-31", "2027-07-31"]


@pytest.mark.parametrize(
    ("day", "february", "leap_february"),
    [(28, 28, 28), (29, 28, 29), (30, 28, 29), (31, 28, 29)],
)
def test_the_shorthand_monthly_clamps_and_never_drifts(day: int, february: int, leap_february: int) -> None:
    rent = series("monthly", f"2027-01-{day}T09:00")

    days = days_done_on_time(rent, 15)

    assert days[:5] == [
        f"2027-01-{day}",
        f"2027-02-{february}",
        f"2027-03-{day}",
        f"2027-04-{min(day, 30)}",
        f"2027-05-{day}",
    ]
    assert days[13:] == [f"2028-02-{leap_february}", f"2028-03-{day}"]


def test_monthly_on_the_31st_is_stored_as_last_day() -> None:
    rent = parse_recurrence("monthly", due=at("2027-01-31T09:00"), zone=BERLIN)

    assert str(rent.rrule) == "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1"


def test_the_shorthand_yearly_on_a_leap_day_clamps() -> None:
    birthday = series("yearly", "2028-02-29T09:00")

    assert days_done_on_time(birthday, 5)[1:] == ["2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"]


def test_basis_due_takes_the_date_after_the_due_date() -> None:
    plants = series({"type": "custom", "unit": "day", "interval": 3}, "2027-03-01T09:00")

    assert done_at(plants, "2027-03-01T12:00") == "2027-03-04 09:00"


def test_basis_due_done_early_takes_the_date_after_it() -> None:
    meeting = series({"type": "weekly", "days": ["Monday"]}, "2027-03-01T09:00")

    assert done_at(meeting, "2027-02-20T12:00") == "2027-03-08 09:00"


def test_a_late_completion_lands_on_the_first_occurrence_after_now() -> None:
    plants = series("daily", "2027-03-01T09:00")

    assert done_at(plants, "2027-03-20T08:59") == "2027-03-20 09:00"
    assert done_at(plants, "2027-03-20T09:00") == "2027-03-21 09:00"


@pytest.mark.parametrize(
    ("repeats", "following"),
    [
        ("daily", "2027-03-05 09:00"),
        ({"type": "custom", "unit": "day", "interval": 3}, "2027-03-07 09:00"),
        ("weekly", "2027-03-11 09:00"),
        ({"type": "weekly", "days": ["Monday"]}, "2027-03-08 09:00"),
        ("monthly", "2027-04-04 09:00"),
        ({"type": "monthly", "day_of_month": 31}, "2027-03-31 09:00"),
        ("yearly", "2028-03-04 09:00"),
    ],
)
def test_basis_completion_restarts_on_the_day_of_completion(repeats: object, following: str) -> None:
    named = {"type": repeats} if isinstance(repeats, str) else repeats
    assert isinstance(named, dict)
    plants = series({**named, "basis": "completion"}, "2027-03-01T09:00")

    assert done_at(plants, "2027-03-04T22:00") == following


def test_basis_completion_uses_the_zone_of_the_task() -> None:
    plants = series({"type": "daily", "basis": "completion"}, "2027-03-01T09:00", "Asia/Tokyo")

    following = done(plants, begin(plants), datetime(2027, 3, 4, 20, 0, tzinfo=UTC))

    assert following is not None
    assert following.scheduled == at("2027-03-06T09:00")


def test_basis_completion_clamps_to_short_months() -> None:
    filters = series({"type": "monthly", "basis": "completion"}, "2027-01-15T09:00")

    assert done_at(filters, "2027-01-31T10:00") == "2027-02-28 09:00"


def test_basis_completion_done_early_does_not_repeat_that_day() -> None:
    bins = series({"type": "weekly", "days": ["Monday"], "basis": "completion"}, "2027-03-08T09:00")

    assert done_at(bins, "2027-03-07T12:00") == "2027-03-15 09:00"


def test_wall_time_is_kept_across_daylight_saving_changes() -> None:
    standup = series("daily", "2027-03-26T09:00")
    occurrence: Occurrence | None = begin(standup)
    dues: list[datetime] = []

    while occurrence is not None and len(dues) < 250:
        dues.append(occurrence.due)
        occurrence = done(standup, occurrence, occurrence.due)

    assert {wall_time(due, BERLIN).time() for due in dues} == {time(9)}
    assert {later - earlier for earlier, later in pairwise(dues)} == {
        timedelta(hours=23),
        timedelta(hours=24),
        timedelta(hours=25),
    }


def test_a_skipped_hour_moves_to_the_first_valid_instant() -> None:
    backup = series("daily", "2027-03-27T02:30")

    assert done_at(backup, "2027-03-27T02:30") == "2027-03-28 03:00"
    assert done_at(backup, "2027-03-28T03:00") == "2027-03-29 02:30"


def test_a_doubled_hour_takes_the_first() -> None:
    backup = series("daily", "2027-10-30T02:30")

    following = done(backup, begin(backup), begin(backup).due)

    assert following is not None
    assert following.due == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


def test_moving_a_date_keeps_the_rule() -> None:
    meeting = series({"type": "weekly", "days": ["Monday"]}, "2027-03-01T09:00")

    moved_to_wednesday_and_done_there = "2027-03-03T09:00"

    assert done_at(meeting, moved_to_wednesday_and_done_there) == "2027-03-08 09:00"


def test_an_all_day_task_repeats_at_midnight() -> None:
    holiday = series("weekly", "2027-03-25T00:00")

    assert done_at(holiday, "2027-03-25T18:00") == "2027-04-01 00:00"


def test_count_ends_the_series() -> None:
    course = series({"rrule": "FREQ=WEEKLY;BYDAY=MO,TH;COUNT=4"}, "2027-03-01T09:00")

    assert days_done_on_time(course, 9) == ["2027-03-01", "2027-03-04", "2027-03-08", "2027-03-11"]


def test_count_includes_a_first_date_outside_the_rule() -> None:
    course = series({"rrule": "FREQ=WEEKLY;BYDAY=MO;COUNT=3"}, "2027-03-03T09:00")

    assert days_done_on_time(course, 9) == ["2027-03-03", "2027-03-08", "2027-03-15"]


def test_count_uses_up_the_dates_missed_while_late() -> None:
    course = series({"rrule": "FREQ=DAILY;COUNT=5"}, "2027-03-01T09:00")

    assert done_at(course, "2027-03-04T12:00") == "2027-03-05 09:00"
    assert done_at(course, "2027-03-05T12:00") is None


def test_count_with_basis_completion_counts_what_was_done() -> None:
    course = series({"rrule": "FREQ=DAILY;COUNT=3", "basis": "completion"}, "2027-03-01T09:00")
    second = done(course, begin(course), instant(at("2027-04-01T10:00"), BERLIN))
    assert second is not None

    third = done(course, second, instant(at("2027-05-01T10:00"), BERLIN))

    assert third is not None
    assert (third.scheduled, third.number) == (at("2027-05-02T09:00"), 3)
    assert done(course, third, third.due) is None


def test_until_ends_a_series_that_restarts_on_completion() -> None:
    course = series({"type": "daily", "end_date": "2027-03-05", "basis": "completion"}, "2027-03-01T09:00")

    assert done_at(course, "2027-03-04T12:00") == "2027-03-05 09:00"
    assert done_at(course, "2027-03-05T08:00") is None


def test_a_cron_expression_names_wall_times() -> None:
    pills = series({"cron": "0 9,18 * * 1-5"}, "2027-03-26T09:00")

    assert done_at(pills, "2027-03-26T09:05") == "2027-03-26 18:00"
    assert done_at(pills, "2027-03-27T09:05") == "2027-03-29 09:00"


def test_cron_times_within_a_skipped_hour_fall_together() -> None:
    poll = series({"cron": "*/20 2 * * *"}, "2027-03-28T02:00")

    assert done_at(poll, "2027-03-27T12:00") == "2027-03-29 02:00"


def test_cron_times_within_a_doubled_hour_come_once() -> None:
    poll = series({"cron": "*/20 2 * * *"}, "2027-10-31T02:00")
    second_ten_past_two = datetime(2027, 10, 31, 1, 10, tzinfo=UTC)

    following = done(poll, begin(poll), second_ten_past_two)

    assert following is not None
    assert following.scheduled == at("2027-11-01T02:00")


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        # From a Wednesday: the first of Monday and Friday is a Monday, in the first week too.
        ("FREQ=WEEKLY;BYDAY=MO,FR;BYSETPOS=1", ["2027-03-03", "2027-03-08", "2027-03-15"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=SU", ["2027-03-03", "2027-03-14", "2027-03-15"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO", ["2027-03-03", "2027-03-07", "2027-03-15"]),
        # A day matches one of the two, it need not be both.
        ("FREQ=MONTHLY;BYDAY=WE,1MO", ["2027-03-03", "2027-03-10", "2027-03-17", "2027-03-24", "2027-03-31"]),
        ("FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", ["2027-03-03", "2027-03-28", "2028-03-26"]),
    ],
)
def test_an_explicit_rule_follows_the_rfc_where_libraries_slip(rule: str, days: list[str]) -> None:
    assert days_done_on_time(series({"rrule": rule}, "2027-03-03T09:00"), len(days)) == days


@pytest.mark.parametrize("repeats", ["daily", "weekly", "monthly", "yearly", {"cron": "0 9 * * *"}])
def test_a_series_ends_with_the_calendar(repeats: object) -> None:
    endless = series(repeats, "2027-01-01T09:00")

    assert (
        next_due(
            endless,
            scheduled=at("9998-12-31T09:00"),
            number=1,
            finished=instant(at("2027-01-01T09:00"), BERLIN),
        )
        is None
    )


@pytest.mark.parametrize(
    ("repeats", "now", "due"),
    [
        ("daily", "2027-03-03T08:00", "2027-03-03 09:00"),
        ("daily", "2027-03-03T09:00", "2027-03-04 09:00"),
        ("weekly", "2027-03-03T08:00", "2027-03-03 09:00"),
        ("monthly", "2027-03-31T12:00", "2027-04-01 09:00"),
        ({"type": "weekly", "days": ["Monday"], "interval": 2}, "2027-03-03T08:00", "2027-03-08 09:00"),
        ({"type": "monthly", "day_of_month": 1, "interval": 3}, "2027-03-03T08:00", "2027-04-01 09:00"),
        ({"cron": "30 7 * * *"}, "2027-03-03T08:00", "2027-03-04 07:30"),
        ({"cron": "30 7 * * *"}, "2027-03-03T07:00", "2027-03-03 07:30"),
    ],
)
def test_a_recurring_task_without_a_due_date_is_given_one(repeats: object, now: str, due: str) -> None:
    rule = parse_recurrence(repeats, zone=BERLIN)

    first = first_due(rule, zone=BERLIN, now=instant(at(now), BERLIN))

    assert f"{wall_time(first.due, BERLIN):%Y-%m-%d %H:%M}" == due
    assert first.number == 1


def test_the_given_date_decides_how_the_shorthand_is_stored() -> None:
    first = first_due(parse_recurrence("monthly", zone=BERLIN), zone=BERLIN, now=at("2027-01-31T06:00+01:00"))

    rent = parse_recurrence("monthly", due=first.scheduled, zone=BERLIN)

    assert rent == Recurrence(rrule="FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1")
