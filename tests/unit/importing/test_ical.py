"""What becomes of the properties of a to-do or an event."""

from datetime import UTC, date, datetime
from io import BytesIO

import pytest

from todoapp.features.importing.effort import Effort
from todoapp.features.importing.entries import Entry, RefusedEntry, SkippedEntry, TaskEntry
from todoapp.features.importing.ical import read_ical


def read(*lines: str, component: str = "VTODO") -> Entry:
    """What becomes of one component in Berlin."""
    calendar = ["BEGIN:VCALENDAR", f"BEGIN:{component}", *lines, f"END:{component}", "END:VCALENDAR"]
    [entry] = read_ical(BytesIO("\r\n".join(calendar).encode()), Effort(), zone="Europe/Berlin")
    return entry


def task(*lines: str, component: str = "VTODO") -> TaskEntry:
    entry = read("SUMMARY:Pay the rent", *lines, component=component)
    assert isinstance(entry, TaskEntry), entry
    return entry


@pytest.mark.parametrize(
    ("line", "due_at", "due_date", "zone"),
    [
        ("DUE:20270701T090000Z", datetime(2027, 7, 1, 9, tzinfo=UTC), None, "Europe/Berlin"),
        ("DUE:20270701T090000", datetime(2027, 7, 1, 7, tzinfo=UTC), None, "Europe/Berlin"),
        (
            "DUE;TZID=America/New_York:20270701T090000",
            datetime(2027, 7, 1, 13, tzinfo=UTC),
            None,
            "America/New_York",
        ),
        ("DUE;VALUE=DATE:20270701", None, date(2027, 7, 1), "Europe/Berlin"),
        ("DTSTART;VALUE=DATE:20270701", None, date(2027, 7, 1), "Europe/Berlin"),
    ],
)
def test_when_it_is_due(line: str, due_at: datetime | None, due_date: date | None, zone: str) -> None:
    new = task(line).new

    assert (new.due_at, new.due_date, new.timezone) == (due_at, due_date, zone)


@pytest.mark.parametrize(
    ("priority", "expected"),
    [("0", "none"), ("1", "urgent"), ("2", "high"), ("5", "medium"), ("9", "low"), ("10", "none")],
)
def test_how_urgent_it_is(priority: str, expected: str) -> None:
    assert task(f"PRIORITY:{priority}").new.priority == expected


def test_alarms_become_reminders() -> None:
    entry = task(
        "DUE:20270701T090000Z",
        *("BEGIN:VALARM", "TRIGGER;RELATED=END:-PT1H", "END:VALARM"),
        *("BEGIN:VALARM", "TRIGGER;RELATED=END:-PT1H", "END:VALARM"),
        *("BEGIN:VALARM", "TRIGGER;VALUE=DATE-TIME:20270630T120000Z", "END:VALARM"),
        *("BEGIN:VALARM", "TRIGGER:PT1H", "END:VALARM"),
    )

    assert [(each.offset_minutes, each.remind_at) for each in entry.new.reminders or ()] == [
        (60, None),
        (None, datetime(2027, 6, 30, 12, tzinfo=UTC)),
    ]
    assert entry.notes == ("A reminder after its date, or without one, is left out.",)


def test_of_many_alarms_the_first_are_taken() -> None:
    alarms = [
        line for minute in range(25) for line in ("BEGIN:VALARM", f"TRIGGER:-PT{minute}M", "END:VALARM")
    ]

    entry = task("DUE:20270701T090000Z", *alarms)

    assert len(entry.new.reminders or ()) == 20
    assert entry.notes == ("Of its 25 reminders the first 20 are taken.",)


def test_fields_that_are_dropped_are_noted() -> None:
    entry = task("DUE:20270701T090000Z", "RRULE:FREQ=DAILY", "EXDATE:20270702T090000Z", "RELATED-TO:other")

    assert entry.new.recurrence == {"rrule": "FREQ=DAILY"}
    assert entry.notes == (
        "Dates taken from its rule come all the same.",
        "It was part of another and becomes a task of its own.",
    )


@pytest.mark.parametrize(
    ("lines", "completed_at"),
    [
        (["COMPLETED:20270301T090000Z"], datetime(2027, 3, 1, 9, tzinfo=UTC)),
        (["STATUS:COMPLETED", "LAST-MODIFIED:20270301T090000Z"], datetime(2027, 3, 1, 9, tzinfo=UTC)),
        (["STATUS:COMPLETED", "DTSTAMP;VALUE=DATE:20270301"], datetime(2027, 2, 28, 23, tzinfo=UTC)),
        (["STATUS:NEEDS-ACTION"], None),
    ],
)
def test_when_it_was_done(lines: list[str], completed_at: datetime | None) -> None:
    assert task(*lines).past.completed_at == completed_at


@pytest.mark.parametrize(
    ("lines", "component", "note"),
    [
        (["STATUS:CANCELLED"], "VTODO", "It is cancelled."),
        (
            ["RECURRENCE-ID:20270701T090000Z"],
            "VEVENT",
            "A single date that was moved keeps to its rule.",
        ),
        (["UID:x-event@todoapp.dev"], "VEVENT", "It is the event of a to-do that is imported."),
    ],
)
def test_entries_that_are_not_tasks_are_skipped(lines: list[str], component: str, note: str) -> None:
    entry = read("SUMMARY:Pay the rent", *lines, component=component)

    assert isinstance(entry, SkippedEntry)
    assert entry.notes == (note,)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([], "It has no title."),
        (["SUMMARY:x", "DUE;VALUE=TIME:090000"], "DUE is no date; it is like 20270301 or 20270301T090000Z."),
        (["SUMMARY:x", "CATEGORIES;VALUE=DATE:x"], "A property does not have the type that its VALUE names."),
    ],
)
def test_an_entry_that_cannot_be_a_task_is_refused(lines: list[str], reason: str) -> None:
    entry = read(*lines)

    assert isinstance(entry, RefusedEntry)
    assert entry.reason == reason


def test_an_unclosed_component_reaches_the_end_of_the_file() -> None:
    [entry] = read_ical(BytesIO(b"BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:x"), Effort(), zone="UTC")

    assert isinstance(entry, RefusedEntry)


@pytest.mark.parametrize("uid", ["x@todoapp.dev", "other", ""])
def test_the_source_is_stable_and_unique_per_component(uid: str) -> None:
    first, again, other = (task(f"UID:{uid}", line) for line in ("PRIORITY:1", "PRIORITY:1", "PRIORITY:2"))

    assert first.source == again.source
    assert (first.source == other.source) == bool(uid)
