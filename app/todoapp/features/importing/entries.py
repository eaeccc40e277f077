"""What a file of any format says: the form between the parsers, which are pure, and the database."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel, ValidationError

from todoapp.features.tasks.inputs import NewLabel, NewTask
from todoapp.features.tasks.past import BEGINS_NOW, Past
from todoapp.kit.errors import DomainError

__all__ = [
    "MOST_ENTRIES",
    "Entry",
    "LabelEntry",
    "RefusedEntry",
    "SkippedEntry",
    "Source",
    "TaskEntry",
    "checked",
    "entry_or_refusal",
    "titled",
]

MOST_ENTRIES = 5_000
LONGEST_REASON = 1_000
"""Characters; a library may quote all of a line."""

Source = UUID | str
"""An id that is kept where it is free, or any text that tells the entry from all others of its origin."""

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class _Entry:
    place: str
    """Where it is: `line 12`, or a JSON pointer."""
    title: str
    notes: tuple[str, ...] = field(default=(), kw_only=True)
    """What was left out or read in one of several ways."""


@dataclass(frozen=True)
class LabelEntry(_Entry):
    """A tag or category to be."""

    kind: str
    """`tag` or `category`"""
    source: UUID
    new: NewLabel


@dataclass(frozen=True)
class TaskEntry(_Entry):
    """A task to be, open or closed."""

    source: Source
    new: NewTask
    """Its category is named by `category`."""
    category: str | None = None
    past: Past = BEGINS_NOW


@dataclass(frozen=True)
class SkippedEntry(_Entry):
    """Something that is understood but not imported; the notes say why."""


@dataclass(frozen=True)
class RefusedEntry(_Entry):
    """Something that would be imported if it were valid."""

    reason: str


Entry = LabelEntry | TaskEntry | SkippedEntry | RefusedEntry


def checked(model: type[M], values: Mapping[str, Any]) -> M:
    """Make a model of values from a file.

    Raises:
        ValueError: names the first field that is wrong, and the rule.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        path = ".".join(str(step) for step in first["loc"])
        raise ValueError(f"{path}: {first['msg'].removeprefix('Value error, ')}.") from error


def titled(title: str) -> str:
    """A title in one line, without the white space around its words.

    Raises:
        ValueError: nothing is left of it.
    """
    words = " ".join(title.split())
    if not words:
        raise ValueError("It has no title.")
    return words


def entry_or_refusal(place: str, title: str, read: Callable[[], Entry]) -> Entry:
    """What `read` makes of one part of a file; a refusal when it raises one."""
    try:
        return read()
    except (ValueError, OverflowError, DomainError) as error:
        return RefusedEntry(place, title, reason=str(error)[:LONGEST_REASON])
