"""What a recurrence may look like, and the sentence that refuses anything else."""

from datetime import datetime

import pytest
from pydantic import ValidationError

from todoapp.features.tasks.recurrence.rule import (
    InvalidRecurrence,
    Recurrence,
    Series,
    first_due,
    parse_recurrence,
)

DUE = datetime.fromisoformat("2027-01-07T09:00")
NEW_YORK = "America/New_York"


def parsed(value: object) -> dict[str, str]:
    stored: dict[str, str] = parse_recurrence(value, due=DUE, zone=NEW_YORK).model_dump(mode="json")
    return stored


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("RRULE:FREQ=DAILY", "FREQ=DAILY"),
        (" freq=weekly;byday=th,mo ", "FREQ=WEEKLY;BYDAY=MO,TH"),
        ("COUNT=3;INTERVAL=1;WKST=MO;FREQ=DAILY", "FREQ=DAILY;COUNT=3"),
        ("FREQ=WEEKLY;WKST=SU;INTERVAL=02;BYDAY=SU", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU;WKST=SU"),
        ("FREQ=MONTHLY;BYDAY=-1FR,+1MO,1MO", "FREQ=MONTHLY;BYDAY=1MO,-1FR"),
        ("FREQ=YEARLY;BYMONTHDAY=15,-1,15;BYMONTH=12,3", "FREQ=YEARLY;BYMONTH=3,12;BYMONTHDAY=-1,15"),
        ("FREQ=YEARLY;BYDAY=20MO", "FREQ=YEARLY;BYDAY=20MO"),
        ("FREQ=DAILY;UNTIL=20270630", "FREQ=DAILY;UNTIL=20270630"),
        ("FREQ=DAILY;UNTIL=20270630T120000", "FREQ=DAILY;UNTIL=20270630T120000"),
        ("FREQ=DAILY;UNTIL=20270701T035959Z", "FREQ=DAILY;UNTIL=20270630T235959"),
    ],
)
def test_a_rule_is_stored_in_one_canonical_form(written: str, canonical: str) -> None:
    assert parsed({"rrule": written}) == {"rrule": canonical, "basis": "due"}
    assert parsed({"rrule": canonical}) == {"rrule": canonical, "basis": "due"}


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        (
            {"type": "daily", "interval": 2, "count": 5},
            {"rrule": "FREQ=DAILY;INTERVAL=2;COUNT=5", "basis": "due"},
        ),
        (
            {
                "type": "weekly",
                "days": ["thu", "MO", "Monday"],
                "interval": 2,
                "end_date": "2027-06-30",
                "basis": "completion",
            },
            {"rrule": "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH;UNTIL=20270630", "basis": "completion"},
        ),
        ({"type": "weekly", "basis": "completion"}, {"rrule": "FREQ=WEEKLY", "basis": "completion"}),
        ({"type": "weekdays"}, {"rrule": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "basis": "due"}),
        (
            {"type": "monthly", "day_of_month": 30},
            {"rrule": "FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1", "basis": "due"},
        ),
        (
            {"type": "yearly", "month": 12, "day_of_month": 24},
            {"rrule": "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24", "basis": "due"},
        ),
        (
            {"type": "yearly", "month": 2, "day_of_month": 29},
            {"rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28,29;BYSETPOS=-1", "basis": "due"},
        ),
        (
            {"type": "custom", "unit": "month", "interval": 3},
            {"rrule": "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=7", "basis": "due"},
        ),
        (
            {"rrule": "FREQ=DAILY", "end_date": "2027-06-30", "basis": "completion"},
            {"rrule": "FREQ=DAILY;UNTIL=20270630", "basis": "completion"},
        ),
        ({"cron": " 0  9 * jan mon-fri "}, {"cron": "0 9 * JAN MON-FRI"}),
    ],
)
def test_every_written_form_is_stored_as_one_rule_without_nulls(
    written: dict[str, object], stored: dict[str, str]
) -> None:
    assert parsed(written) == stored
    assert parsed(stored) == stored


@pytest.mark.parametrize(
    ("rule", "named"),
    [
        ("", "NAME=VALUE"),
        ("FREQ=DAILY;", "NAME=VALUE"),
        ("INTERVAL=2", "no FREQ"),
        ("FREQ=HOURLY", "FREQ is 'HOURLY'"),
        ("FREQ=SECONDLY", "FREQ is 'SECONDLY'"),
        ("FREQ=DAILY;BYHOUR=9", "unknown part BYHOUR"),
        ("FREQ=YEARLY;BYWEEKNO=20", "unknown part BYWEEKNO"),
        ("FREQ=YEARLY;BYEASTER=0", "unknown part BYEASTER"),
        ("FREQ=DAILY;FREQ=WEEKLY", "FREQ twice"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL is '0'"),
        ("FREQ=DAILY;INTERVAL=1000", "INTERVAL is '1000'"),
        ("FREQ=DAILY;INTERVAL=٣", "INTERVAL is '٣'"),
        ("FREQ=DAILY;COUNT=0", "COUNT is '0'"),
        ("FREQ=DAILY;COUNT=10000", "COUNT is '10000'"),
        ("FREQ=DAILY;COUNT=3;UNTIL=20270630", "COUNT and UNTIL"),
        ("FREQ=YEARLY;BYMONTH=13", "BYMONTH has '13'"),
        ("FREQ=YEARLY;BYMONTH=-1", "BYMONTH has '-1'"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY has '0'"),
        ("FREQ=MONTHLY;BYMONTHDAY=-32", "BYMONTHDAY has '-32'"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "BYMONTHDAY does not go with FREQ=WEEKLY"),
        ("FREQ=WEEKLY;BYDAY=XX", "BYDAY has 'XX'"),
        ("FREQ=WEEKLY;BYDAY=MO,", "BYDAY has ''"),
        ("FREQ=WEEKLY;BYDAY=1MO", "BYDAY has '1MO'; ordinals need"),
        ("FREQ=MONTHLY;BYDAY=0MO", "BYDAY has '0MO'"),
        ("FREQ=MONTHLY;BYDAY=6MO", "BYDAY has '6MO'; ordinals go up to 5"),
        ("FREQ=YEARLY;BYMONTH=3;BYDAY=-6MO", "BYDAY has '-6MO'; ordinals go up to 5"),
        ("FREQ=YEARLY;BYDAY=54MO", "BYDAY has '54MO'; ordinals go up to 53"),
        ("FREQ=WEEKLY;WKST=1", "WKST is '1'"),
        ("FREQ=DAILY;BYSETPOS=1", "BYSETPOS chooses among"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=367", "BYSETPOS has '367'"),
        ("FREQ=DAILY;UNTIL=20270229", "UNTIL is '20270229'"),
        ("FREQ=DAILY;UNTIL=20270630T2500", "UNTIL is '20270630T2500'"),
        ("FREQ=DAILY;UNTIL=2027-06-30", "UNTIL is '2027-06-30'"),
        ("FREQ=DAILY;UNTIL=99991231T235959Z", "1900 to 9998"),
        ("FREQ=DAILY;UNTIL=00010101T000000Z", "1900 to 9998"),
        ("FREQ=DAILY;UNTIL=20270106", "ends before the due date 2027-01-07"),
        ("FREQ=DAILY;" * 100, "longer than 1000 characters"),
    ],
)
def test_a_refused_rule_names_its_invalid_part(rule: str, named: str) -> None:
    with pytest.raises(InvalidRecurrence) as refused:
        parsed({"rrule": rule})

    assert named in str(refused.value)
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30,31",
        "FREQ=MONTHLY;BYMONTH=4,6,9,11;BYMONTHDAY=31",
        "FREQ=DAILY;BYDAY=MO;BYSETPOS=2",
        "FREQ=WEEKLY;BYDAY=MO,TU;BYSETPOS=3",
        "FREQ=MONTHLY;BYDAY=1MO;BYMONTHDAY=8",
    ],
)
def test_a_rule_that_never_yields_a_date_is_refused(rule: str) -> None:
    with pytest.raises(InvalidRecurrence, match="never yields a date"):
        parse_recurrence({"rrule": rule}, zone=NEW_YORK)


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;INTERVAL=7;BYDAY=MO",
        "FREQ=MONTHLY;INTERVAL=12;BYMONTH=2",
        "FREQ=YEARLY;INTERVAL=2;BYMONTH=2;BYMONTHDAY=29",
    ],
)
def test_a_rule_without_a_later_date_is_refused(rule: str) -> None:
    with pytest.raises(InvalidRecurrence, match="yields no date after the due date 2027-01-07"):
        parsed({"rrule": rule})


@pytest.mark.parametrize(
    "cron",
    [
        "",
        "@daily",
        "0 9 * *",
        "0 0 9 * * *",
        "60 9 * * *",
        "0 24 * * *",
        "0 9 0 * *",
        "0 9 31 2 *",
        "0 9 31 4,6,9,11 *",
        "0 9 */31 * 5#5",
        "0 9 * 13 *",
        "0 9 * * 8",
        "0 9 10-5 * *",
        "0 9 * * MON#6",
        "*/0 9 * * *",
        "R 9 * * *",
        "H 9 * * *",
        "0 9 * * MO",
        f"{','.join(['0'] * 200)} 9 * * *",
    ],
)
def test_a_refused_cron_expression_is_named(cron: str) -> None:
    with pytest.raises(InvalidRecurrence, match=r"cron expression.*\.$"):
        parsed({"cron": cron})


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (None, "rrule, a cron or a type"),
        (7, "rrule, a cron or a type"),
        ([], "rrule, a cron or a type"),
        ({}, "rrule, a cron or a type"),
        ("fortnightly", "rrule, a cron or a type"),
        ({"type": ["weekly"]}, "rrule, a cron or a type"),
        ({"rrule": "FREQ=DAILY", "cron": "0 9 * * *"}, "'recurrence.cron' is not known here"),
        ({"type": "daily", "days": ["Monday"]}, "'recurrence.days' is not known here"),
        ({"type": "weekly", "days": ["Funday"]}, "'recurrence.days.0'"),
        ({"type": "weekly", "interval": 0}, "'recurrence.interval'"),
        ({"type": "weekly", "interval": "2"}, "'recurrence.interval'"),
        ({"type": "weekly", "interval": True}, "'recurrence.interval'"),
        ({"type": "daily", "count": 2, "end_date": "2027-06-30"}, "count and end_date"),
        ({"type": "daily", "end_date": "2027-02-29"}, "'recurrence.end_date'"),
        ({"type": "daily", "end_date": "tomorrow"}, "'recurrence.end_date'"),
        ({"type": "daily", "end_date": "9999-12-31"}, "'recurrence.end_date'"),
        ({"type": "daily", "end_date": 1800000000}, "'recurrence.end_date'"),
        ({"type": "monthly", "day_of_month": 32}, "'recurrence.day_of_month'"),
        ({"type": "yearly", "month": 3}, "month and day_of_month together"),
        ({"type": "custom", "interval": 3}, "'recurrence.unit'"),
        ({"rrule": "FREQ=DAILY;COUNT=3", "end_date": "2027-06-30"}, "end_date"),
        ({"rrule": 7}, "'recurrence.rrule'"),
        ({"rrule": "FREQ=DAILY", "basis": "start"}, "'recurrence.basis'"),
        ({"cron": "0 9 * * *", "basis": "completion"}, "'recurrence.basis'"),
    ],
)
def test_a_refused_value_names_its_field(value: object, named: str) -> None:
    with pytest.raises(InvalidRecurrence) as refused:
        parsed(value)

    assert named in str(refused.value)


@pytest.mark.parametrize("year", [1, 1899, 3000, 9999])
def test_a_series_starts_in_a_year_that_people_plan_for(year: int) -> None:
    with pytest.raises(InvalidRecurrence, match=f"starts in {year}; it can start in 1900 to 2999"):
        parse_recurrence("daily", due=DUE.replace(year=year), zone=NEW_YORK)


def test_an_ended_rule_is_refused_without_a_due_date() -> None:
    ended = parse_recurrence({"rrule": "FREQ=DAILY;UNTIL=20260101"}, zone=NEW_YORK)

    with pytest.raises(InvalidRecurrence, match="no date left after 2027-01-07"):
        first_due(ended, zone=NEW_YORK, now=datetime.fromisoformat("2027-01-07T12:00:00+00:00"))


@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"rrule": "FREQ=DAILY", "cron": "0 9 * * *"},
        {"cron": "0 9 * * *", "basis": "completion"},
        {"rrule": "FREQ=DAILY;UNTIL=20270630T000000Z"},
        {"rrule": "FREQ=HOURLY"},
        {"rrule": ""},
        {"cron": ""},
        {"rrule": "FREQ=DAILY", "zone": NEW_YORK},
    ],
)
def test_no_other_stored_value_can_be_made(stored: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Recurrence.model_validate(stored)


def test_equal_rules_are_equal_values() -> None:
    assert Recurrence(rrule="byday=mo;freq=weekly") == Recurrence(rrule="FREQ=WEEKLY;BYDAY=MO")
    assert Series(Recurrence(cron="0 9 * * mon"), DUE, NEW_YORK) == Series(
        Recurrence(cron="0 9 * * MON"), DUE, NEW_YORK
    )
