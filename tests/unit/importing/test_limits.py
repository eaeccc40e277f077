"""What reading a file may cost: each part of it is looked at once, and reading stops at the limits."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BytesIO
from types import FrameType

import orjson
import pytest

from todoapp.features.importing.effort import Effort, Stopped
from todoapp.features.importing.entries import Entry, RefusedEntry, TaskEntry, checked
from todoapp.features.importing.errors import UnreadableFile
from todoapp.features.importing.files import MediaType, TextType, read_file
from todoapp.features.importing.own_export import ExportReader
from todoapp.features.personal_data.document import FORMAT
from todoapp.features.tasks.recurrence.rule import parse_recurrence

NOW = datetime(2027, 3, 3, 8, tzinfo=UTC)
NEVER = "FREQ=DAILY;BYMONTH=2,4,6,9,11;BYMONTHDAY=31"
TASK = {"id": "01890a5d-ac96-774b-bcce-b302099a8057", "title": "Pay the rent"}


class Steps:
    """A clock that counts how often it is read: once for each step of a reader."""

    def __init__(self) -> None:
        self.number = 0

    def __call__(self) -> float:
        self.number += 1
        return self.number


def read(content: str, media_type: TextType, effort: Effort | None = None) -> list[Entry]:
    return read_file(BytesIO(content.encode()), media_type, effort or Effort(), now=NOW, zone="UTC")


def calendar(*todos: str) -> str:
    blocks = [f"BEGIN:VTODO\r\n{todo}\r\nEND:VTODO" for todo in todos]
    return "\r\n".join(["BEGIN:VCALENDAR", *blocks, "END:VCALENDAR", ""])


ROWS: dict[TextType, Callable[[int], str]] = {
    MediaType.TODOIST: lambda number: "TYPE,CONTENT\n" + "task,x\n" * number,
    MediaType.ICAL: lambda number: calendar(*["SUMMARY:x"] * number),
}


@pytest.mark.parametrize("media_type", ROWS)
def test_reading_stops_at_the_first_entry_too_many(media_type: TextType) -> None:
    steps = Steps()

    with pytest.raises(UnreadableFile, match="more than 5000 entries"):
        read(ROWS[media_type](20_000), media_type, Effort(most=10**9, clock=steps))

    lines_of_an_entry = {MediaType.TODOIST: 1, MediaType.ICAL: 3}[media_type]
    assert steps.number <= 5_002 * lines_of_an_entry


@pytest.mark.parametrize("media_type", ROWS)
def test_reading_stops_when_it_takes_too_long(media_type: TextType) -> None:
    steps = Steps()

    with pytest.raises(UnreadableFile, match="takes too long"):
        read(ROWS[media_type](1_000), media_type, Effort(most=100, clock=steps))

    assert steps.number == 102


@pytest.mark.parametrize("media_type", ROWS)
def test_reading_stops_when_its_caller_has_left(media_type: TextType) -> None:
    effort = Effort()
    with effort.until_left():
        pass

    with pytest.raises(Stopped):
        read(ROWS[media_type](10), media_type, effort)


def test_rows_without_an_entry_are_steps_too() -> None:
    steps = Steps()

    with pytest.raises(UnreadableFile, match="takes too long"):
        read("TYPE,CONTENT\n" + "meta,x\n" * 1_000, MediaType.TODOIST, Effort(most=100, clock=steps))


@contextmanager
def calls_of(function: Callable[..., object]) -> Iterator[list[None]]:
    """Count how often this thread calls the function in the block."""
    calls: list[None] = []
    code = function.__code__

    def note(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and frame.f_code is code:
            calls.append(None)

    sys.setprofile(note)
    try:
        yield calls
    finally:
        sys.setprofile(None)


def test_rule_without_dates_is_searched_once_in_a_file() -> None:
    ends = ("", ";COUNT=3", ";COUNT=4", ";UNTIL=20280101")
    todos = [
        f"SUMMARY:x\r\nDUE:2027{day:04}T090000Z\r\nRRULE:{NEVER}{end}"
        for end in ends
        for day in range(101, 129)
    ]

    with calls_of(parse_recurrence) as searches:
        entries = read(calendar(*todos), MediaType.ICAL)

    assert len(searches) == 1
    notes = {note for entry in entries for note in entry.notes}
    assert notes == {
        f"Its recurrence is left out. The rule '{NEVER}' never yields a date; change its BY… parts."
    }


def test_rule_that_ended_does_not_spoil_its_next_use() -> None:
    rule = "RRULE:FREQ=DAILY;BYMONTHDAY=1"
    ended, lasting = read(
        calendar(
            f"SUMMARY:x\r\nDUE:20270301T090000Z\r\n{rule};UNTIL=20200101",
            f"SUMMARY:y\r\nDUE:20270301T090000Z\r\n{rule}",
        ),
        MediaType.ICAL,
    )

    assert isinstance(ended, TaskEntry)
    assert isinstance(lasting, TaskEntry)
    assert (ended.new.recurrence, lasting.new.recurrence) == (None, {"rrule": "FREQ=DAILY;BYMONTHDAY=1"})


def test_comments_of_a_task_are_checked_together() -> None:
    with calls_of(checked) as checks:
        [entry] = read("TYPE,CONTENT\ntask,x\n" + "note,n\n" * 4_000, MediaType.TODOIST)

    assert len(checks) == 2
    assert isinstance(entry, TaskEntry)
    assert entry.new.description.count("n") == 4_000


def test_comments_that_are_too_long_refuse_their_task() -> None:
    [long, other] = read(
        "TYPE,CONTENT\ntask,x\n" + f"note,{'n' * 1_000}\n" * 30 + "task,y\n", MediaType.TODOIST
    )

    assert isinstance(long, RefusedEntry)
    assert isinstance(other, TaskEntry)


@pytest.mark.parametrize("block", ["X:y\r\n" * 2_001, f"DESCRIPTION:{'x' * (129 << 10)}\r\n"])
def test_entry_that_is_too_long_is_refused_unread(block: str) -> None:
    refused, other = read(calendar(f"{block}SUMMARY:x", "SUMMARY:y"), MediaType.ICAL)

    assert isinstance(refused, RefusedEntry)
    assert refused.reason == "It is longer than 2000 lines or 128 KiB."
    assert isinstance(other, TaskEntry)


def test_large_attachment_is_left_out() -> None:
    attachment = "ATTACH;ENCODING=BASE64;VALUE=BINARY:" + "A" * 60 + ("\r\n " + "A" * 74) * 5_000

    [entry] = read(calendar(f"SUMMARY:x\r\n{attachment}\r\nPRIORITY:1"), MediaType.ICAL)

    assert isinstance(entry, TaskEntry)
    assert (entry.new.priority, entry.notes) == ("urgent", ("Its attachments are left out.",))


def pieces(document: bytes, size: int = 64 << 10) -> Iterator[bytes]:
    for start in range(0, len(document), size):
        yield document[start : start + size]


def read_whole(document: bytes) -> list[Entry]:
    reader = ExportReader()
    entries = [entry for piece in pieces(document) for entry in reader.feed(piece)]
    return [*entries, *reader.finish()]


def test_export_is_read_with_one_piece_in_memory() -> None:
    reader = ExportReader()
    document = orjson.dumps({"format": FORMAT, "tasks": [TASK] * 20_000})

    found = [len(reader.feed(piece)) for piece in pieces(document)]

    assert sum(found) + len(reader.finish()) == 20_000
    assert max(found) < 1_000


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (
            b'{"format": "%b", "tasks": [{"title": "' + b"x" * (2 << 20),
            "A part of the export is longer than 1024 KiB.",
        ),
        (
            b'{"format": "%b", "profile": "' + b"x" * (2 << 20),
            "A part of the export is longer than 1024 KiB.",
        ),
        (b'{"format": "%b", "tasks": [{"x": ' + b"[" * 100, "The file is nested deeper than 32 levels."),
        (b'{"format": "%b", "else": ' + b"[" * 100, "The file is nested deeper than 32 levels."),
        (b'{"format": "%b", "tasks": [], "tasks": []}', 'The export has "tasks" twice.'),
        (b'{"format": "%b", "tags": [[], [], {', 'The export\'s "tags" is not an array of objects.'),
        (
            b'{"tasks": [], "format": "%b"}',
            f'The file is not an export: it would be an object that begins with "format": "{FORMAT}".',
        ),
        (
            b'{"format": "%b", "tasks": [], "categories": []}',
            'In an export "categories" come before "tasks", which name them.',
        ),
    ],
)
def test_document_in_another_form_is_refused_early(document: bytes, sentence: str) -> None:
    with pytest.raises(UnreadableFile) as refusal:
        read_whole(document.replace(b"%b", FORMAT.encode()))

    assert str(refusal.value) == sentence


def test_unknown_member_of_an_export_is_ignored() -> None:
    document = orjson.dumps({"format": FORMAT, "later": [{"x": [1, {"y": 2}]}] * 100_000, "tasks": [TASK]})

    [entry] = read_whole(document)

    assert isinstance(entry, TaskEntry)
