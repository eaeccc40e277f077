"""Todoist's CSV: the template or backup of a project.

https://www.todoist.com/help/articles/format-a-csv-file-to-import-into-todoist-UVUXaiSs
"""

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any, BinaryIO

from pydantic import TypeAdapter, ValidationError

from todoapp.features.importing.effort import Effort
from todoapp.features.importing.entries import (
    Entry,
    SkippedEntry,
    TaskEntry,
    checked,
    entry_or_refusal,
    titled,
)
from todoapp.features.importing.errors import UnreadableFile
from todoapp.features.importing.text import lines
from todoapp.features.tasks.inputs import NewTask
from todoapp.features.tasks.model import Priority
from todoapp.features.tasks.quickadd import parse
from todoapp.kit.errors import DomainError
from todoapp.kit.fields import Name, TimeZone

__all__ = ["read_todoist"]

Row = dict[str, str]
"""Column → value; a missing one is empty."""

REQUIRED = {"TYPE", "CONTENT"}
PRIORITIES = {"1": Priority.URGENT, "2": Priority.HIGH, "3": Priority.MEDIUM}
LABEL = re.compile(r"(?<!\S)@([^\s@#,]{1,100})(?!\S)")
LONGEST_NAME = 100
LONGEST_TITLE = 500
LONGEST_DESCRIPTION = 20_000
LONGEST_DATE = 200
ZONE: TypeAdapter[str] = TypeAdapter(TimeZone)
CATEGORY: TypeAdapter[str] = TypeAdapter(Name)
STAND_IN = "x"
"""The title of the text in which a date is read."""


def read_todoist(file: BinaryIO, effort: Effort, *, now: datetime, zone: str) -> Iterator[Entry]:
    """Read a CSV file: tasks with their labels, dates and comments; sections become categories.

    Args:
        now: aware; relative dates count from it.
        zone: IANA; of tasks that name none.

    Raises:
        UnreadableFile: not CSV in UTF-8, or without the columns TYPE and CONTENT.
    """
    project = _Project(now, zone)
    task: _Commented | None = None
    for place, row in _rows(file, effort):
        kind, content = row["TYPE"].strip().lower(), row["CONTENT"]
        if kind == "note" and task is not None:
            task.add(content)
            continue
        if task is not None and kind not in {"", "meta"}:
            yield task.entry()
            task = None
        match kind:
            case "task":
                title = content.strip()
                entry = entry_or_refusal(place, title, partial(project.task, place, row))
                if isinstance(entry, TaskEntry):
                    task = _Commented(entry)
                else:
                    yield entry
            case "section":
                yield project.begin_section(place, content.strip())
            case "" | "meta":
                continue
            case other:
                yield SkippedEntry(
                    place,
                    content[:LONGEST_TITLE],
                    notes=(f"Rows of the type {other[:LONGEST_NAME]!r} are not tasks.",),
                )
    if task is not None:
        yield task.entry()


def _rows(file: BinaryIO, effort: Effort) -> Iterator[tuple[str, Row]]:
    """The rows with their places; one may go over several lines."""
    reader = csv.reader(lines(file, newline=""))
    line = 0
    try:
        columns = next(reader, [])
        if missing := sorted(REQUIRED - set(columns)):
            raise UnreadableFile(f"The first line names no column {missing[0]}; Todoist's CSV has one.")
        line = reader.line_num
        for values in reader:
            effort.step()
            yield f"line {line + 1}", defaultdict(str, zip(columns, values, strict=False))
            line = reader.line_num
    except csv.Error as error:
        raise UnreadableFile(f"The file is not CSV after line {line}: {error}.") from error


@dataclass
class _Commented:
    """A task with the comments that follow it; they are checked once, when all of them are there."""

    task: TaskEntry
    _comments: list[str] = field(default_factory=list)
    _size: int = 0

    def add(self, comment: str) -> None:
        # A description that is too long already is refused; more of it changes nothing.
        if comment.strip() and self._size <= LONGEST_DESCRIPTION:
            self._comments.append(comment.strip())
            self._size += len(comment.strip())

    def entry(self) -> Entry:
        if not self._comments:
            return self.task
        return entry_or_refusal(self.task.place, self.task.title, self._with_comments)

    def _with_comments(self) -> TaskEntry:
        """
        Raises:
            ValueError: the description would be too long.
        """
        task = self.task
        description = "\n\n".join(filter(None, (task.new.description, *self._comments)))
        return replace(task, new=checked(NewTask, task.new.model_dump() | {"description": description}))


@dataclass
class _Project:
    """Makes tasks of rows, with what the rows before them say."""

    now: datetime
    zone: str
    section: str | None = None
    _alike: Counter[tuple[str, ...]] = field(default_factory=Counter)

    def begin_section(self, place: str, name: str) -> SkippedEntry:
        try:
            self.section = CATEGORY.validate_python(name[:LONGEST_NAME])
        except ValidationError:
            self.section = None
            return SkippedEntry(place, name, notes=("Its name is none for a category; its tasks get none.",))
        return SkippedEntry(place, name, notes=(f"Its tasks get the category {self.section!r}.",))

    def task(self, place: str, row: Row) -> TaskEntry:
        """
        Raises:
            ValueError
        """
        title = titled(LABEL.sub("", row["CONTENT"]))
        date, notes = self._date(row)
        if row["INDENT"].strip() not in {"", "1"}:
            notes.append("It was part of the task before it and becomes a task of its own.")
        values: dict[str, Any] = {
            "title": title,
            "description": row["DESCRIPTION"],
            "priority": PRIORITIES.get(row["PRIORITY"].strip(), Priority.NONE),
            "tags": list(dict.fromkeys(LABEL.findall(row["CONTENT"]))),
        }
        new = checked(NewTask, values | date)
        return TaskEntry(
            place, title, notes=tuple(notes), source=self._source(row), new=new, category=self.section
        )

    def _source(self, row: Row) -> str:
        """Tells a row from all others, and is the same when the file is imported again."""
        key = tuple(row[name] for name in ("CONTENT", "DESCRIPTION", "DATE", "INDENT"))
        self._alike[key] += 1
        return "\0".join(["todoist", self.section or "", *key, str(self._alike[key])])

    def _date(self, row: Row) -> tuple[dict[str, Any], list[str]]:
        """The fields that say when the task is due, with what there is to note about that."""
        zone, notes = self._zone(row["TIMEZONE"].strip())
        text = row["DATE"].strip() or row["DEADLINE"].strip()
        if not text:
            return {"timezone": zone}, notes
        reading = _read_date(text, now=self.now, zone=zone)
        if reading is None:
            notes.append(f"Its date {text[:LONGEST_DATE]!r} is not understood and left out.")
            return {"timezone": zone}, notes
        dated = reading.model_dump(include={"due_at", "due_date", "recurrence"})
        return dated | {"timezone": zone}, notes

    def _zone(self, name: str) -> tuple[str, list[str]]:
        if not name:
            return self.zone, []
        try:
            return ZONE.validate_python(name), []
        except ValidationError:
            return self.zone, [f"Its time zone {name!r} is not known; {self.zone} is taken."]


def _read_date(text: str, *, now: datetime, zone: str) -> NewTask | None:
    """A task with the date that the text says; None when not all of it says when."""
    if len(text) > LONGEST_DATE:
        return None
    try:
        reading = parse(f"{STAND_IN} {text}", now=now, zone=zone)
    except DomainError:
        return None
    task = reading.task
    is_date = task.title == STAND_IN and not (task.tags or task.reminders or reading.category)
    return task if is_date else None
