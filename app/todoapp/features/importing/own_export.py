"""Our own export, the document of `GET /api/me/export`."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import orjson
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

__all__ = ["read_export"]

TRANSLATED = {"category_id", "tags", "recurrence", "reminders"}
SAME = NewTask.model_fields.keys() - TRANSLATED
"""Fields that an exported task has with the values of a new one."""
LABELS = {"categories": "category", "tags": "tag"}
HISTORY = ("notifications", "activity")
"""What belongs to the account that it was exported from."""

Json = Mapping[str, Any]


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


def read_export(content: bytes) -> list[Entry]:
    """Read an export: categories, tags and tasks, each under the id that it had.

    Raises:
        UnreadableFile: not JSON, or not an export of this version.
    """
    document = _document(content)
    category_names = dict[str, str]()
    entries: list[Entry] = []
    for name, kind in LABELS.items():
        for place, label in _parts(document, name):
            entries.append(entry_or_refusal(place, _text(label, "name"), partial(_label, place, kind, label)))
            if kind == "category":
                category_names[_text(label, "id")] = _text(label, "name")
    for place, task in _parts(document, "tasks"):
        read = partial(_task, place, task, category_names)
        entries.append(entry_or_refusal(place, _text(task, "title"), read))
    for name in HISTORY:
        if number := len(list(_parts(document, name))):
            note = f"{number} entries: they belong to the account that they were exported from."
            entries.append(SkippedEntry(f"/{name}", name, notes=(note,)))
    return entries


def _document(content: bytes) -> Json:
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise UnreadableFile(f"The file is not JSON: {error}.") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise UnreadableFile(f'The file is not an export: it would be an object with "format": "{FORMAT}".')
    return document


def _parts(document: Json, name: str) -> Iterator[tuple[str, Json]]:
    """The members of one array with their JSON pointers."""
    members = document.get(name, [])
    if not isinstance(members, list) or not all(isinstance(each, dict) for each in members):
        raise UnreadableFile(f'The export\'s "{name}" is not an array of objects.')
    for index, member in enumerate(members):
        yield f"/{name}/{index}", member


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


def _task(place: str, task: Json, category_names: Mapping[str, str]) -> TaskEntry:
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
        category=category_names.get(str(found.category_id)),
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
