"""No search for the next date of a rule is long; a rule that could need one is refused when it is written."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st

from testbed.app.searched_years import counted_years
from todoapp.features.calendar.feed import CalendarWriter
from todoapp.features.tasks import series
from todoapp.features.tasks.due import Due
from todoapp.features.tasks.model import Tag, Task
from todoapp.features.tasks.preview import preview
from todoapp.features.tasks.recurrence.dates import LONGEST_COUNT, LONGEST_WAIT, last_date, series_dates
from todoapp.features.tasks.recurrence.parser import parse_rrule
from todoapp.features.tasks.recurrence.rule import (
    InvalidRecurrence,
    Recurrence,
    Series,
    next_due,
    parse_recurrence,
)
from todoapp.features.tasks.view import TaskView

ZONE = "Europe/Berlin"
NOW = datetime(2027, 3, 1, 8, tzinfo=UTC)
ONE_SEARCH = LONGEST_WAIT + 3
"""The years of the longest wait, those in which it begins and ends, and the end of the loop."""
LEAP_MONDAYS = "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@st.composite
def rules(draw: st.DrawFn) -> str:
    """Rules with any INTERVAL, which decides how seldom their dates come."""
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    interval = draw(st.sampled_from([2, 7, 12, 28, 84, 365, 999]) | st.integers(1, 999))
    parts: dict[str, st.SearchStrategy[list[Any]]] = {
        "BYMONTH": st.lists(st.integers(1, 12), max_size=3),
        "BYMONTHDAY": st.lists(st.sampled_from([1, 13, 28, 29, 30, 31, -1, -31]), max_size=3),
        "BYDAY": st.lists(st.sampled_from(["MO", "TU", "FR", "SU"]), max_size=2),
    }
    if frequency == "WEEKLY":
        del parts["BYMONTHDAY"]
    drawn: dict[str, list[Any]] = {name: draw(values) for name, values in parts.items()}
    if any(drawn.values()):
        drawn["BYSETPOS"] = draw(st.lists(st.sampled_from([1, 2, -1]), max_size=1))
    named = "".join(f";{name}={','.join(map(str, values))}" for name, values in drawn.items() if values)
    return f"FREQ={frequency};INTERVAL={interval}{named}"


starts = st.datetimes(at("2000-01-01"), at("2100-01-01")).map(lambda start: start.replace(microsecond=0))
bases = st.sampled_from(["due", "completion"])


@settings(max_examples=150, deadline=None)
@given(rules(), bases, starts, st.lists(st.integers(0, 40_000), min_size=3, max_size=3))
def test_accepted_rule_finds_each_date_within_its_budget(
    rule: str, basis: str, start: datetime, late: list[int]
) -> None:
    try:
        recurrence = parse_recurrence({"rrule": rule, "basis": basis}, due=start, zone=ZONE)
    except InvalidRecurrence:
        reject()
    repeats = Series(recurrence, start, ZONE)

    for days in late:
        finished = (start + timedelta(days=days)).replace(tzinfo=UTC)
        with counted_years() as searched:
            following = next_due(repeats, scheduled=start, number=1, finished=finished)
        assert searched.years <= ONE_SEARCH
        assert following is not None
        assert following.due - finished <= timedelta(days=366 * (LONGEST_WAIT + 1))


@settings(max_examples=150, deadline=None)
@given(rules(), starts)
def test_only_rules_with_too_long_a_wait_are_refused(rule: str, start: datetime) -> None:
    try:
        placed = parse_rrule(rule)
    except InvalidRecurrence:
        reject()
    assume(placed.interval <= 30)  # The walk below meets every phase of such a rule.
    try:
        parse_recurrence({"rrule": rule}, due=start, zone=ZONE)
    except InvalidRecurrence:
        dates = list(series_dates(placed, start, after=start - timedelta(days=1)))
        last = dates[-1] if dates else start
        # A search ends where the wait is too long, or where the calendar ends.
        assert last.year < 9998 - LONGEST_WAIT


@pytest.mark.parametrize(
    ("rule", "due"),
    [
        ("FREQ=YEARLY;INTERVAL=101", "2027-01-04T09:00"),
        ("FREQ=YEARLY;INTERVAL=999;BYMONTH=2;BYMONTHDAY=29", "2028-02-29T09:00"),
        ("FREQ=YEARLY;INTERVAL=26;BYMONTH=2;BYMONTHDAY=29;BYDAY=TU", "2028-02-29T09:00"),
        ("FREQ=MONTHLY;INTERVAL=999;BYMONTHDAY=31", "2027-01-31T09:00"),
        ("FREQ=DAILY;INTERVAL=365;BYMONTH=1", "2027-01-31T09:00"),
        ("FREQ=WEEKLY;INTERVAL=999;BYMONTH=1", "2027-01-04T09:00"),
    ],
)
def test_rule_that_waits_too_long_is_refused(rule: str, due: str) -> None:
    with pytest.raises(InvalidRecurrence, match=r"100 years without a date|yields no date after"):
        parse_recurrence({"rrule": rule}, due=at(due), zone=ZONE)


@pytest.mark.parametrize(
    ("rule", "due"),
    [
        ("FREQ=YEARLY;INTERVAL=100", "2027-01-04T09:00"),
        (LEAP_MONDAYS, "2027-01-04T09:00"),
        ("FREQ=DAILY;BYMONTHDAY=13;BYDAY=FR", "2027-01-04T09:00"),
        ("FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8", "2028-11-07T09:00"),
        ("FREQ=WEEKLY;INTERVAL=2;BYMONTH=1", "2027-01-04T09:00"),
        ("FREQ=DAILY;INTERVAL=999", "2027-01-04T09:00"),
    ],
)
def test_rule_that_comes_seldom_is_kept(rule: str, due: str) -> None:
    repeats = Series(parse_recurrence({"rrule": rule}, due=at(due), zone=ZONE), at(due), ZONE)

    with counted_years() as searched:
        assert len(list(islice(series_dates(parse_rrule(rule), repeats.start, after=at(due)), 20))) == 20

    assert searched.years <= 20 * ONE_SEARCH


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=YEARLY;BYMONTH=2",  # completed on a 30th
        "FREQ=DAILY;INTERVAL=7;BYDAY=MO",  # completed on a Tuesday
        "FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29",
    ],
)
def test_rule_that_some_completion_would_end_is_refused(rule: str) -> None:
    leap_monday = at("2044-02-29T09:00")
    assert parse_recurrence({"rrule": rule}, due=leap_monday, zone=ZONE)

    with pytest.raises(InvalidRecurrence, match="100 years without a date"):
        parse_recurrence({"rrule": rule, "basis": "completion"}, due=leap_monday, zone=ZONE)


@pytest.mark.parametrize("cron", ["0 0 29 2 */7", "*/59 0 29 2 */7", "0 0 LW 2 */7", "0 0 */30 2 MON#5"])
def test_cron_searches_are_short_or_refused(cron: str) -> None:
    try:
        recurrence = parse_recurrence({"cron": cron}, zone=ZONE)
    except InvalidRecurrence:
        return
    start = at("2088-03-01T00:00")  # before 2100, which is no leap year

    with counted_years() as searched:
        found = next_due(Series(recurrence, start, ZONE), scheduled=start, number=1, finished=NOW)

    assert found is not None
    assert searched.years <= ONE_SEARCH


def test_cron_expression_that_never_comes_true_is_refused_without_search() -> None:
    with counted_years() as searched, pytest.raises(InvalidRecurrence, match="never comes true"):
        parse_recurrence({"cron": "0 0 */31 * MON#2"}, zone=ZONE)

    assert searched.years == 0


@pytest.mark.parametrize(
    "rule", ["FREQ=YEARLY", "FREQ=MONTHLY;INTERVAL=2", "FREQ=DAILY;INTERVAL=2;BYMONTH=1"]
)
def test_count_is_counted_in_a_limited_number_of_years(rule: str) -> None:
    with counted_years() as searched:
        assert last_date(parse_rrule(f"{rule};COUNT=9999"), at("2027-01-04T09:00")).year > 2600

    assert searched.years <= LONGEST_COUNT + 1


def counted(rule: str) -> Task:
    """An open task of a series that began long ago."""
    task = Task(
        id=uuid4(),
        user_id=uuid4(),
        title="Walk",
        completed=False,
        timezone=ZONE,
        position=1.0,
        occurrence=1,
        version=1,
        tags=list[Tag](),
        created_at=NOW,
        updated_at=NOW,
    )
    series.set_due(task, Due(datetime(1950, 1, 2, 8, tzinfo=UTC), all_day=False, zone=ZONE))
    series.begin(task, {"rrule": rule}, now=NOW)
    return task


@pytest.mark.parametrize(
    "rule", [f"{LEAP_MONDAYS};COUNT=9999", "FREQ=DAILY;COUNT=9999", "FREQ=MONTHLY;BYMONTHDAY=-1"]
)
def test_view_of_a_stored_series_walks_no_dates(rule: str) -> None:
    task = counted(rule)

    with counted_years() as searched:
        shown = TaskView.at(NOW, task, (), ())

    assert searched.years <= (2 if task.next_due_at is None else 0)  # so many show that the series is over
    assert shown.next_occurrence == task.next_due_at


def test_date_that_has_passed_is_searched_from_its_end() -> None:
    task = counted("FREQ=MONTHLY;BYDAY=-1FR;COUNT=9999")
    stored = task.next_due_at
    assert stored is not None

    with counted_years() as searched:
        shown = TaskView.at(stored + timedelta(hours=1), task, (), ())

    assert searched.years <= 2
    assert shown.next_occurrence is None or shown.next_occurrence > stored


def test_calendar_feed_never_walks_a_count() -> None:
    tasks = [counted("FREQ=DAILY;COUNT=9999") for _ in range(3)]

    calendar = CalendarWriter(["event"])

    with counted_years() as searched:
        calendar.add(tasks, {})
        assert b"UNTIL=19770518" in calendar.finished()

    assert searched.years == 0


def test_stored_rule_that_is_refused_today_ends_within_the_budget() -> None:
    start = at("2027-01-05T09:00")  # a Tuesday
    never = Series(Recurrence.stored(rrule="FREQ=DAILY;INTERVAL=7;BYDAY=MO"), start, ZONE)

    with counted_years() as searched:
        assert next_due(never, scheduled=start, number=1, finished=NOW) is None

    assert searched.years <= ONE_SEARCH


def test_preview_notes_at_most_a_dozen_days_before_a_date() -> None:
    due = Due.on(at("2028-02-29").date(), ZONE)

    found = preview(
        {"rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29,30,31"}, due=due, zone=ZONE, now=NOW, count=20
    )

    assert max(len(date.notes) for date in found.dates) <= 12
