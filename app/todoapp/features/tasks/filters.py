"""Which tasks a list or a search is about."""

from contextlib import suppress
from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BeforeValidator, Field, StringConstraints, model_validator
from sqlalchemy import ColumnElement, and_, or_, select

from todoapp.features.tasks.model import Category, Priority, Tag, task_tags, tasks
from todoapp.kit.database import col
from todoapp.kit.fields import Input, Text, Timestamp, name_key

__all__ = ["SearchText", "TaskFilter", "conditions"]

SearchText = Annotated[
    str,
    Field(
        min_length=1,
        max_length=200,
        description=(
            "words of title and description, each as far as it is typed; "
            '`"…"` means these words in a row, `-` leaves out'
        ),
    ),
]


def _split_commas(value: object) -> object:
    """Let `?tags=home,garden` say the same as `?tags=home&tags=garden`."""
    if isinstance(value, list):
        return [part for each in value for part in str(each).split(",") if part]
    return value


NameOrId = Annotated[Text, StringConstraints(max_length=100)]
Many = BeforeValidator(_split_commas)
MOST_VALUES = 50
"""Of one parameter; each tag becomes a condition of the statement."""


class TaskFilter(Input):
    """The parameters that narrow down any view of the tasks."""

    status: Literal["open", "completed", "all"] = "all"
    priority: Annotated[list[Priority], Many] = Field(
        default_factory=list, max_length=MOST_VALUES, description="any of these"
    )
    tags: Annotated[list[NameOrId], Many] = Field(
        default_factory=list, max_length=MOST_VALUES, description="names or ids"
    )
    tags_mode: Literal["any", "all"] = "any"
    category: NameOrId | None = Field(default=None, description="name or id")
    due_after: Timestamp | None = Field(default=None, description="that instant included")
    due_before: Timestamp | None = Field(default=None, description="that instant not included")
    due_date_start: Timestamp | None = Field(default=None, description="the same as due_after")
    due_date_end: Timestamp | None = Field(default=None, description="the same as due_before")
    overdue: bool | None = None
    recurring: bool | None = None
    updated_since: Timestamp | None = Field(default=None, description="that instant included")

    @model_validator(mode="after")
    def _refuse_synonyms(self) -> Self:
        for name, other in (("due_after", "due_date_start"), ("due_before", "due_date_end")):
            if getattr(self, name) is not None and getattr(self, other) is not None:
                raise ValueError(f"{name} and {other} mean the same; send one of them")
        return self


def conditions(wanted: TaskFilter, user_id: UUID, now: datetime) -> list[ColumnElement[bool]]:
    """The filter in SQL: all that has to hold of a row of `tasks`, beside that it is the user's."""
    found: list[ColumnElement[bool]] = []
    is_open = and_(~tasks.c.completed, tasks.c.skipped_at.is_(None))
    if wanted.status == "open":
        found.append(is_open)
    elif wanted.status == "completed":
        found.append(tasks.c.completed.is_(True))
    if wanted.priority:
        found.append(tasks.c.priority.in_([each.rank for each in wanted.priority]))
    if wanted.tags:
        named = [_named(Tag, user_id, tag) for tag in wanted.tags]
        found += [_has_label(each) for each in (named if wanted.tags_mode == "all" else [or_(*named)])]
    if wanted.category is not None:
        found.append(
            tasks.c.category_id.in_(
                select(col(Category.id)).where(_named(Category, user_id, wanted.category))
            )
        )
    if after := wanted.due_after or wanted.due_date_start:
        found.append(tasks.c.due_at >= after)
    if before := wanted.due_before or wanted.due_date_end:
        found.append(tasks.c.due_at < before)
    if wanted.overdue is not None:
        is_overdue = and_(is_open, tasks.c.overdue_at.is_not(None), tasks.c.overdue_at <= now)
        found.append(is_overdue if wanted.overdue else ~is_overdue)
    if wanted.recurring is not None:
        found.append(
            tasks.c.series_start.is_not(None) if wanted.recurring else tasks.c.series_start.is_(None)
        )
    if wanted.updated_since is not None:
        found.append(tasks.c.updated_at >= wanted.updated_since)
    return found


def _has_label(named: ColumnElement[bool]) -> ColumnElement[bool]:
    return tasks.c.id.in_(
        select(task_tags.c.task_id).join(Tag, col(Tag.id) == task_tags.c.tag_id).where(named)
    )


def _named(kind: type[Tag] | type[Category], user_id: UUID, name_or_id: str) -> ColumnElement[bool]:
    named = col(kind.name_key) == name_key(name_or_id)
    with suppress(ValueError):
        named = or_(named, col(kind.id) == UUID(name_or_id))
    return and_(col(kind.user_id) == user_id, named)
