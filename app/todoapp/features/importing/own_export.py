"""Our own export, the document of `GET /api/me/export`."""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import ijson
from pydantic import BaseModel, ConfigDict

from todoapp.features.importing.entries import (
    Entry,
    LabelEntry,
    SkippedEntry,
    TaskEntry,
    checked,
    entry_or_refusal,
)
from todoapp.features.importing.errors import UnreadableFile
from todoapp.features.personal_data.document import FORMAT
from todoapp.features.tasks.inputs import NewLabel, NewTask
from todoapp.features.tasks.past import Past, SeriesPlace
from todoapp.features.tasks.recurrence.rule import Recurrence
from todoapp.features.tasks.view import TagRef

__all__ = ["ExportReader"]

TRANSLATED = {"category_id", "tags", "recurrence", "reminders"}
SAME = NewTask.model_fields.keys() - TRANSLATED
"""Fields that an exported task has with the values of a new one."""
LABELS = {"categories": "category", "tags": "tag"}
HISTORY = ("notifications", "activity")
"""What belongs to the account that it was exported from."""

PARTS = {*LABELS, "tasks", *HISTORY}
LONGEST_PART = 1 << 20
"""Bytes of one entry; the longest task with 20 reminders has 30 KiB."""
MOST_CATEGORIES = 10_000
DEEPEST = 32
BEGINNINGS = ("start_map", "start_array")
ENDS = ("end_map", "end_array")
NO_EXPORT = f'The file is not an export: it would be an object that begins with "format": "{FORMAT}".'
TOO_DEEP = f"The file is nested deeper than {DEEPEST} levels."

T = TypeVar("T")

Json = Mapping[str, Any]
Step = tuple[str, Any]
"""What the parser found, and its value"""
Reading = Generator[None, Step, T]
"""A part of the document while it is read, step by step"""


class _Read(BaseModel):
    """What is read of a part of the document, beside what `NewTask` or `NewLabel` reads of it.

    Versions before this one wrote fewer fields, so all but the oldest have a default.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: UUID


class _Reminder(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    offset_minutes: int | None = None
    remind_at: datetime | None = None


class _Task(_Read):
    title: str
    category_id: UUID | None = None
    tags: list[TagRef] = []
    reminders: list[_Reminder] = []
    created_at: datetime | None = None
    completed: bool = False
    completed_at: datetime | None = None
    skipped_at: datetime | None = None
    recurrence: dict[str, Any] | None = None
    series_id: UUID | None = None
    series_start: str | None = None
    scheduled_for: str | None = None
    occurrence: int = 1
    parent_task_id: UUID | None = None


class ExportReader:
    """Reads an export piece by piece: categories, tags and tasks, each under the id that it had.

    Its memory does not grow with the document, but for the names of the categories.

    Raises:
        UnreadableFile: not JSON, or not an export of this version.
    """

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._category_names: dict[UUID, str] = {}
        self._members: set[str] = set()
        self._unfinished = 0
        """Bytes since the last entry; an entry may begin in one piece and end in another."""
        self._json = ijson.basic_parse_coro(self._document(), use_float=True)

    def feed(self, piece: bytes) -> list[Entry]:
        """The entries that end in this piece of the document."""
        self._unfinished += len(piece)
        with _unreadable_json():
            self._json.send(piece)
        if self._unfinished > len(piece) + LONGEST_PART:
            raise UnreadableFile(f"A part of the export is longer than {LONGEST_PART >> 10} KiB.")
        return self._taken()

    def finish(self) -> list[Entry]:
        """The last entries; nothing may follow."""
        with _unreadable_json():
            self._json.close()
        return self._taken()

    def _taken(self) -> list[Entry]:
        entries, self._entries = self._entries, []
        return entries

    @ijson.coroutine  # type: ignore[untyped-decorator]
    def _document(self) -> Reading[None]:
        kind, _ = yield
        if kind != "start_map":
            raise UnreadableFile(NO_EXPORT)
        while (step := (yield))[0] != "end_map":
            yield from self._member(step[1])
        if "format" not in self._members:
            raise UnreadableFile(NO_EXPORT)
        yield  # what follows is refused by the parser

    def _member(self, name: str) -> Reading[None]:
        self._begin(name)
        if name in LABELS:
            yield from self._array(name, partial(self._add_label, name))
        elif name == "tasks":
            yield from self._array(name, self._add_task)
        elif name in HISTORY:
            if number := (yield from self._array(name, None)):
                note = f"{number} entries: they belong to the account that they were exported from."
                self._entries.append(SkippedEntry(f"/{name}", name, notes=(note,)))
        elif name == "format":
            if (yield from _value((yield))) != FORMAT:
                raise UnreadableFile(NO_EXPORT)
        else:
            yield from self._skipped((yield))

    def _begin(self, name: str) -> None:
        """
        Raises:
            UnreadableFile: the member cannot come here.
        """
        if name in self._members and name in PARTS:
            raise UnreadableFile(f'The export has "{name}" twice.')
        if name in PARTS and "format" not in self._members:
            raise UnreadableFile(NO_EXPORT)
        if name in LABELS and "tasks" in self._members:
            raise UnreadableFile(f'In an export "{name}" come before "tasks", which name them.')
        if name in {*PARTS, "format"}:
            self._members.add(name)

    def _array(self, name: str, add: Callable[[str, Json], None] | None) -> Reading[int]:
        """Read the objects of an array, or only count them.

        Returns:
            How many there are.
        """
        number = 0
        _require((yield), "start_array", name)
        while (step := (yield))[0] != "end_array":
            _require(step, "start_map", name)
            if add is None:
                yield from self._skipped(step)
            else:
                add(f"/{name}/{number}", (yield from _value(step)))
                self._unfinished = 0
            number += 1
        return number

    def _skipped(self, first: Step) -> Reading[None]:
        """Read a value and forget it."""
        depth = 0
        kind, _ = first
        while True:
            self._unfinished = 0
            depth += kind in BEGINNINGS
            depth -= kind in ENDS
            if depth > DEEPEST:
                raise UnreadableFile(TOO_DEEP)
            if depth == 0:
                return
            kind, _ = yield

    def _add_label(self, name: str, place: str, label: Json) -> None:
        read = partial(_label, place, LABELS[name], label)
        entry = entry_or_refusal(place, _text(label, "name"), read)
        self._entries.append(entry)
        if name == "categories" and isinstance(entry, LabelEntry):
            self._category_names[entry.source] = entry.new.name
            if len(self._category_names) > MOST_CATEGORIES:
                raise UnreadableFile(f"The export has more than {MOST_CATEGORIES} categories.")

    def _add_task(self, place: str, task: Json) -> None:
        read = partial(_task, place, task, self._category_names)
        self._entries.append(entry_or_refusal(place, _text(task, "title"), read))


def _require(step: Step, kind: str, name: str) -> None:
    if step[0] != kind:
        raise UnreadableFile(f'The export\'s "{name}" is not an array of objects.')


def _value(first: Step, depth: int = 1) -> Reading[Any]:
    """
    Raises:
        UnreadableFile: it is nested too deep.
    """
    if depth > DEEPEST:
        raise UnreadableFile(TOO_DEEP)
    kind, value = first
    match kind:
        case "start_map":
            members = {}
            while (step := (yield))[0] != "end_map":
                members[step[1]] = yield from _value((yield), depth + 1)
            return members
        case "start_array":
            items = []
            while (step := (yield))[0] != "end_array":
                items.append((yield from _value(step, depth + 1)))
            return items
        case _:
            return value


@contextmanager
def _unreadable_json() -> Iterator[None]:
    try:
        yield
    except ijson.JSONError as error:
        reason = str(error).removeprefix("b'").partition("\n")[0].partition("\\n")[0]
        raise UnreadableFile(f"The file is not JSON: {reason}.") from error


def _text(part: Json, name: str) -> str:
    found = part.get(name)
    return found if isinstance(found, str) else ""


def _known(part: Json, fields: Iterable[str]) -> dict[str, Any]:
    return {name: part[name] for name in fields if name in part}


def _label(place: str, kind: str, label: Json) -> LabelEntry:
    """
    Raises:
        ValueError
    """
    found = checked(_Read, label)
    new = checked(NewLabel, _known(label, NewLabel.model_fields))
    return LabelEntry(place, new.name, kind=kind, source=found.id, new=new)


def _task(place: str, task: Json, category_names: Mapping[UUID, str]) -> TaskEntry:
    """
    Raises:
        ValueError
    """
    found = checked(_Task, task)
    fields = _known(task, SAME)
    reminders = [
        {"offset_minutes": reminder.offset_minutes}
        if reminder.offset_minutes is not None
        else {"remind_at": reminder.remind_at}
        for reminder in found.reminders
    ]
    new = checked(NewTask, fields | {"tags": [tag.name for tag in found.tags], "reminders": reminders})
    return TaskEntry(
        place,
        found.title,
        source=found.id,
        new=new,
        category=category_names.get(found.category_id) if found.category_id else None,
        past=Past(
            created_at=found.created_at,
            completed_at=found.completed_at if found.completed else None,
            skipped_at=found.skipped_at,
            place=_place(found),
        ),
    )


def _place(task: _Task) -> SeriesPlace | None:
    """
    Raises:
        ValueError
    """
    if task.series_id is None:
        return None
    repeats = task.recurrence is not None and task.series_start is not None and task.scheduled_for is not None
    return SeriesPlace(
        series_id=task.series_id,
        number=task.occurrence,
        parent_task_id=task.parent_task_id,
        rule=checked(Recurrence, task.recurrence or {}) if repeats else None,
        start=_wall(task.series_start),
        scheduled=_wall(task.scheduled_for),
    )


def _wall(text: str | None) -> datetime | None:
    if text is None:
        return None
    wall = datetime.fromisoformat(text)
    if wall.tzinfo is not None:
        raise ValueError(f"{text!r} is no wall time; it names an offset.")
    return wall
