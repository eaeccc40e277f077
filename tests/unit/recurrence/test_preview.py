"""The dates that a preview shows, with what is unusual about them."""

from datetime import UTC, date, datetime

import pytest

from todoapp.features.tasks.due import Due
from todoapp.features.tasks.errors import InvalidTaskRecurrence
from todoapp.features.tasks.preview import Preview, preview
from todoapp.kit.wall_time import instant

BERLIN = "Europe/Berlin"
NOW = datetime(2027, 1, 1, tzinfo=UTC)


def previewed(
    recurrence: object, first: str, *, count: int = 4, zone: str = BERLIN, now: datetime = NOW
) -> Preview:
    """From a wall time, or from a day."""
    wall = datetime.fromisoformat(first)
    due = (
        Due.on(wall.date(), zone) if "T" not in first else Due(instant(wall, zone), all_day=False, zone=zone)
    )
    return preview(recurrence, due=due, zone=zone, now=now, count=count)


def walls(found: Preview) -> list[str]:
    return [f"{each.due.wall:%Y-%m-%d %H:%M}" for each in found.dates]


def notes(found: Preview) -> list[list[str]]:
    return [each.notes for each in found.dates]


def test_the_first_date_is_the_tasks_own_numbered_1() -> None:
    found = previewed("daily", "2027-03-01T09:00", count=3)

    assert walls(found) == ["2027-03-01 09:00", "2027-03-02 09:00", "2027-03-03 09:00"]
    assert [each.number for each in found.dates] == [1, 2, 3]
    assert notes(found) == [[], [], []]
    assert found.recurrence == {"rrule": "FREQ=DAILY", "basis": "due"}
    assert found.notice is None


def test_a_series_that_ends_has_fewer_dates() -> None:
    assert len(previewed({"rrule": "FREQ=DAILY;COUNT=2"}, "2027-03-01").dates) == 2


def test_a_skipped_hour_is_due_after_it() -> None:
    found = previewed("daily", "2027-03-27T02:30", count=3)

    assert walls(found) == ["2027-03-27 02:30", "2027-03-28 03:00", "2027-03-29 02:30"]
    assert notes(found) == [
        [],
        ["Clocks go forward: 02:30 does not exist on 28 March 2027, so it is due at 03:00."],
        [],
    ]


def test_a_skipped_day_is_due_on_the_next() -> None:
    found = previewed("daily", "2011-12-29T10:00", count=2, zone="Pacific/Apia", now=NOW.replace(year=2011))

    assert notes(found)[1] == [
        "Clocks go forward: 10:00 does not exist on 30 December 2011, "
        "so it is due at 00:00 on 31 December 2011."
    ]


def test_a_doubled_hour_is_due_the_first_time() -> None:
    found = previewed("daily", "2027-10-30T02:30", count=2)

    assert found.dates[1].due.at == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    assert notes(found)[1] == [
        "Clocks go back: 02:30 comes twice on 31 October 2027; it is due the first time."
    ]


def test_clock_changes_do_not_affect_all_day_tasks() -> None:
    found = previewed("daily", "2027-09-04", count=2, zone="America/Santiago")  # no midnight on 5 September

    assert found.dates[1].due == Due.on(date(2027, 9, 5), "America/Santiago")
    assert notes(found) == [[], []]


@pytest.mark.parametrize("basis", ["due", "completion"])
def test_a_short_month_takes_its_last_day(basis: str) -> None:
    found = previewed({"type": "monthly", "day_of_month": 31, "basis": basis}, "2027-01-31", count=3)

    assert walls(found)[1:] == ["2027-02-28 00:00", "2027-03-31 00:00"]
    assert notes(found)[1:] == [["31 February 2027 does not exist, so it is due on 28 February 2027."], []]


def test_a_month_after_completion_is_clamped_from_there() -> None:
    found = previewed({"type": "monthly", "basis": "completion"}, "2027-01-31", count=3)

    assert walls(found)[1:] == ["2027-02-28 00:00", "2027-03-28 00:00"]
    assert notes(found)[1:] == [["31 February 2027 does not exist, so it is due on 28 February 2027."], []]


def test_a_common_year_has_no_29_february() -> None:
    found = previewed("yearly", "2028-02-29", count=2)

    assert notes(found)[1] == ["29 February 2029 does not exist, so it is due on 28 February 2029."]


@pytest.mark.parametrize("rule", ["FREQ=MONTHLY;BYMONTHDAY=31", "FREQ=MONTHLY"])
def test_an_explicit_rule_passes_over_short_months(rule: str) -> None:
    found = previewed({"rrule": rule}, "2027-01-31", count=3)

    assert walls(found)[1:] == ["2027-03-31 00:00", "2027-05-31 00:00"]
    assert notes(found)[1:] == [
        ["31 February 2027 does not exist, so the rule passes over it."],
        ["31 April 2027 does not exist, so the rule passes over it."],
    ]


@pytest.mark.parametrize(
    ("rule", "first", "passed_over"),
    [
        ("FREQ=MONTHLY;BYMONTHDAY=15,31", "2027-04-15", ["31 April 2027"]),
        ("FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=31", "2027-01-31", ["31 April 2027"]),
        (
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
            "2028-02-29",
            [f"29 February {year}" for year in (2029, 2030, 2031)],
        ),
        ("FREQ=YEARLY", "2028-02-29", [f"29 February {year}" for year in (2029, 2030, 2031)]),
        ("FREQ=YEARLY;INTERVAL=2;BYMONTH=2;BYMONTHDAY=29", "2028-02-29", ["29 February 2030"]),
        ("FREQ=MONTHLY;BYDAY=5MO", "2027-03-29", []),
    ],
)
def test_every_day_passed_over_is_named(rule: str, first: str, passed_over: list[str]) -> None:
    found = previewed({"rrule": rule}, first, count=2)

    assert notes(found)[1] == [f"{day} does not exist, so the rule passes over it." for day in passed_over]


def test_dates_missed_by_now_are_left_out_with_their_notes() -> None:
    rule = {"rrule": "FREQ=MONTHLY;BYMONTHDAY=31"}

    found = previewed(rule, "2026-01-31", count=2, now=datetime(2027, 4, 2, tzinfo=UTC))

    assert walls(found) == ["2026-01-31 00:00", "2027-05-31 00:00"]
    assert notes(found)[1] == ["31 April 2027 does not exist, so the rule passes over it."]


def test_a_cron_expression_has_its_own_times() -> None:
    found = previewed({"cron": "30 2 * * *"}, "2027-03-27T09:00", count=3)

    assert walls(found) == ["2027-03-27 09:00", "2027-03-28 03:00", "2027-03-29 02:30"]
    assert len(notes(found)[1]) == 1


def test_a_missing_date_is_chosen_and_noted() -> None:
    found = preview("weekdays", due=None, zone=BERLIN, now=NOW, count=2)

    assert walls(found) == ["2027-01-01 09:00", "2027-01-04 09:00"]
    assert (
        found.notice
        == "A repeating task needs a date, so this one is due on 2027-01-01 at 09:00 (Europe/Berlin)."
    )


def test_recurrence_that_has_ended_is_refused() -> None:
    with pytest.raises(InvalidTaskRecurrence):
        previewed({"rrule": "FREQ=DAILY;UNTIL=20260101"}, "2027-01-01")


def test_a_century_without_a_leap_day_is_passed_over() -> None:
    found = previewed({"rrule": "FREQ=YEARLY"}, "2096-02-29", count=2)

    assert walls(found) == ["2096-02-29 00:00", "2104-02-29 00:00"]
    assert [note[:16] for note in notes(found)[1]] == [f"29 February {year}" for year in range(2097, 2104)]
