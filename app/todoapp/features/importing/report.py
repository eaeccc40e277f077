"""The result of an import, entry by entry."""

from collections import Counter
from collections.abc import Callable, Iterable
from enum import StrEnum
from uuid import UUID

import orjson
from pydantic import BaseModel, Field

from todoapp.features.importing.entries import MOST_ENTRIES

__all__ = ["EntryReport", "ImportReport", "Outcome", "ReportWriter"]


class Outcome(StrEnum):
    CREATED = "created"
    PRESENT = "present"
    """It was there already, from an earlier import or under its name; nothing changed."""
    SKIPPED = "skipped"
    REFUSED = "refused"


class EntryReport(BaseModel):
    place: str = Field(description="where it is in the file", examples=["line 12", "/tasks/3"])
    title: str
    outcome: Outcome
    kind: str | None = Field(default=None, description="what it becomes", examples=["task"])
    id: UUID | None = None
    notes: list[str] = Field(
        default_factory=list, description="why not, what was left out, what was read in one of several ways"
    )


class ImportReport(BaseModel):
    dry_run: bool
    created: int
    present: int
    skipped: int
    refused: int
    entries: list[EntryReport] = Field(
        description=f"in the order of the file; after {MOST_ENTRIES} an id that comes again is only counted"
    )


class ReportWriter:
    """Writes an `ImportReport` in JSON, entry by entry: it may have as many as an account can hold."""

    def __init__(self, write: Callable[[bytes], None], *, dry_run: bool) -> None:
        self._write = write
        self._dry_run = dry_run
        self._numbers: Counter[Outcome] = Counter()
        self._listed: set[UUID] = set()
        self._separator = b'{"entries":['

    @property
    def number(self) -> int:
        """How many entries it has."""
        return self._numbers.total()

    def add(self, entries: Iterable[EntryReport]) -> None:
        for entry in entries:
            self._numbers[entry.outcome] += 1
            if entry.id in self._listed and self.number > MOST_ENTRIES:
                continue  # or a file that repeats itself would make a report without end
            if entry.id is not None:
                self._listed.add(entry.id)
            self._write(self._separator + entry.model_dump_json().encode())
            self._separator = b","

    def end(self) -> None:
        numbers = {outcome.value: self._numbers[outcome] for outcome in Outcome}
        if self._separator != b",":
            self._write(self._separator)
        self._write(b"]," + orjson.dumps({"dry_run": self._dry_run} | numbers).removeprefix(b"{"))
