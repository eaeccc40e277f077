"""The result of an import, entry by entry."""

from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, Field

__all__ = ["EntryReport", "ImportReport", "Outcome"]


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
    entries: list[EntryReport] = Field(description="in the order of the file")

    @classmethod
    def of(cls, entries: list[EntryReport], *, dry_run: bool) -> "ImportReport":
        numbers = {outcome.value: sum(each.outcome is outcome for each in entries) for outcome in Outcome}
        return cls(dry_run=dry_run, entries=entries, **numbers)
