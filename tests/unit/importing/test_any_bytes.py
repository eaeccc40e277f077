"""A parser reads any file or refuses it clearly; it never fails in another way."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from io import BytesIO

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from todoapp.features.importing.effort import Effort
from todoapp.features.importing.entries import Entry, LabelEntry, RefusedEntry, SkippedEntry, TaskEntry
from todoapp.features.importing.errors import UnreadableFile
from todoapp.features.importing.files import MediaType, read_file
from todoapp.features.importing.own_export import ExportReader
from todoapp.features.personal_data.document import FORMAT

NOW = datetime(2027, 3, 3, 8, tzinfo=UTC)
ZONE = "Europe/Berlin"

Read = Callable[[bytes], Sequence[Entry]]


def reader(media_type: MediaType) -> Read:
    """Reads a file, an export in pieces of one byte."""
    if media_type is MediaType.EXPORT:
        return read_bytewise
    return lambda content: read_file(BytesIO(content), media_type, Effort(), now=NOW, zone=ZONE)


def read_bytewise(content: bytes) -> list[Entry]:
    reader = ExportReader()
    pieces = [reader.feed(content[at : at + 1]) for at in range(len(content))]
    return [entry for entries in [*pieces, reader.finish()] for entry in entries]


def check(read: Read, content: bytes) -> None:
    try:
        entries = read(content)
    except UnreadableFile:
        return
    for entry in entries:
        assert isinstance(entry, LabelEntry | TaskEntry | SkippedEntry | RefusedEntry)
        assert entry.place
        if isinstance(entry, RefusedEntry):
            assert entry.reason
        if isinstance(entry, TaskEntry):
            assert entry.new.title == entry.new.title.strip() != ""


@pytest.mark.parametrize("media_type", MediaType)
@given(content=st.binary(max_size=400))
def test_any_bytes(media_type: MediaType, content: bytes) -> None:
    check(reader(media_type), content)


TYPES = st.sampled_from(["task", "note", "section", "meta", "", "project"])
DATES = st.sampled_from(["every monday", "2027-03-09", "jeden Tag", "tomorrow at 9", "31 April"]) | st.text(
    max_size=20
)
FIELD = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=30)


@st.composite
def csv_files(draw: st.DrawFn) -> bytes:
    columns = [
        "TYPE",
        "CONTENT",
        *draw(st.permutations(["DATE", "PRIORITY", "INDENT", "TIMEZONE", "DESCRIPTION"])),
    ]
    lines = [",".join(columns)]
    for _ in range(draw(st.integers(0, 5))):
        fields = [
            draw(TYPES),
            draw(FIELD),
            *(draw(DATES if name == "DATE" else FIELD) for name in columns[2:]),
        ]
        lines.append(",".join(f'"{field.replace(chr(34), chr(34) * 2)}"' for field in fields))
    return draw(st.sampled_from(["\n", "\r\n"])).join(lines).encode(errors="replace")


@given(content=csv_files())
def test_any_table(content: bytes) -> None:
    check(reader(MediaType.TODOIST), content)


NAMES = st.sampled_from(
    [
        "SUMMARY",
        "DESCRIPTION",
        "UID",
        "DUE",
        "DTSTART",
        "PRIORITY",
        "CATEGORIES",
        "STATUS",
        "COMPLETED",
        "CREATED",
        "RRULE",
        "RECURRENCE-ID",
        "RDATE",
        "EXDATE",
        "TRIGGER",
        "DURATION",
        "BEGIN",
        "END",
        "X-OTHER",
    ]
)
PARAMETERS = st.sampled_from(
    [
        "",
        ";VALUE=DATE",
        ";VALUE=DATE-TIME",
        ";TZID=Europe/Berlin",
        ";TZID=Nowhere",
        ";RELATED=END",
        ";X",
        ";A=B",
    ]
)
VALUES = st.sampled_from(
    [
        "20270301",
        "20270301T090000",
        "20270301T090000Z",
        "00010101T000000Z",
        "99991231T235959",
        "-PT30M",
        "P1W",
        "FREQ=WEEKLY;BYDAY=MO",
        "FREQ=SECONDLY",
        "FREQ=DAILY;UNTIL=99991231T235959Z",
        "COMPLETED",
        "VALARM",
        "VTODO",
        "5",
        "a,b",
    ]
) | st.text(max_size=20)
LINES = st.builds("{}{}:{}".format, NAMES, PARAMETERS, VALUES) | st.sampled_from(
    ["BEGIN:VALARM", "END:VALARM", " folded", "SUMMARY:Water the plants"]
)


@given(
    blocks=st.lists(
        st.tuples(st.sampled_from(["VTODO", "VEVENT"]), st.lists(LINES, max_size=8)), min_size=1, max_size=3
    )
)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_any_calendar(blocks: list[tuple[str, list[str]]]) -> None:
    lines = ["BEGIN:VCALENDAR"]
    for name, content in blocks:
        lines += [f"BEGIN:{name}", *content, f"END:{name}"]
    check(reader(MediaType.ICAL), "\r\n".join([*lines, "END:VCALENDAR"]).encode(errors="replace"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=10,
)
TASK = {
    "id": "01890a5d-ac96-774b-bcce-b302099a8057",
    "title": "Pay the rent",
    "description": "",
    "completed": False,
    "completed_at": None,
    "skipped_at": None,
    "priority": "high",
    "due_at": "2027-03-08T09:00:00Z",
    "due_date": None,
    "all_day": False,
    "timezone": "Europe/Berlin",
    "category_id": None,
    "tags": [],
    "recurrence": {"rrule": "FREQ=WEEKLY;BYDAY=MO", "basis": "due"},
    "series_id": "01890a5d-ac96-774b-bcce-b302099a8057",
    "occurrence": 1,
    "parent_task_id": None,
    "position": 1.0,
    "reminders": [],
    "version": 1,
    "created_at": "2027-03-01T09:00:00Z",
    "updated_at": "2027-03-01T09:00:00Z",
    "series_start": "2027-03-08T10:00:00",
    "scheduled_for": "2027-03-08T10:00:00",
}


@given(name=st.sampled_from(sorted(TASK)), value=JSON)
def test_any_value_in_an_exported_task(name: str, value: object) -> None:
    document = {"format": FORMAT, "tasks": [TASK | {name: value}]}
    try:
        content = orjson.dumps(document)
    except (TypeError, orjson.JSONEncodeError):  # an integer that JSON readers do not agree on
        return
    check(reader(MediaType.EXPORT), content)


@given(
    name=st.sampled_from(["categories", "tags", "tasks", "notifications", "activity", "format"]), value=JSON
)
def test_any_value_in_an_export(name: str, value: object) -> None:
    try:
        content = orjson.dumps({"format": FORMAT} | {name: value})
    except (TypeError, orjson.JSONEncodeError):
        return
    check(reader(MediaType.EXPORT), content)
