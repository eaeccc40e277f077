"""Tasks and what sorts them: categories and tags."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    Double,
    Index,
    Row,
    Text,
    UniqueConstraint,
    event,
    func,
    inspect,
    text,
)
from sqlalchemy.orm import Mapper, deferred
from sqlalchemy.orm.attributes import set_attribute
from sqlmodel import Field, Relationship

from todoapp.features.tasks.text_index.document import SearchDocument, SearchVector
from todoapp.kit.database import Base, Instant, JsonValue, new_id, table_of

__all__ = [
    "PLAIN_FIELDS",
    "PRIORITIES",
    "Category",
    "Columns",
    "Priority",
    "StoredTag",
    "StoredTask",
    "Tag",
    "Task",
    "TaskTag",
    "task_tags",
    "tasks",
]


class Priority(StrEnum):
    NONE = "none"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    URGENT = "urgent"

    @property
    def rank(self) -> int:
        return PRIORITIES.index(self)


PRIORITIES = tuple(Priority)
"""By rank."""


class _Label(Base):
    """The columns that tags and categories share."""

    id: UUID = Field(default_factory=new_id, primary_key=True)
    user_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE")
    name: str
    name_key: str
    """The name as names are compared: normalised, without case."""
    colour: str | None = None
    version: int
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)


class Category(_Label, table=True):
    __tablename__ = "categories"
    __table_args__ = (UniqueConstraint("user_id", "name_key"),)


class Tag(_Label, table=True):
    __tablename__ = "tags"
    __table_args__ = (UniqueConstraint("user_id", "name_key"),)


class TaskTag(Base, table=True):
    """Which task has which tag."""

    __tablename__ = "task_tags"

    task_id: UUID = Field(foreign_key="tasks.id", ondelete="CASCADE", primary_key=True)
    tag_id: UUID = Field(foreign_key="tags.id", ondelete="CASCADE", primary_key=True, index=True)


task_tags = table_of(TaskTag)


WORDS = Column("words", SearchVector, server_default="", nullable=False)


class Task(Base, table=True):
    """Something to do; of a repeating one, one occurrence."""

    __tablename__ = "tasks"
    __table_args__ = (
        WORDS,
        CheckConstraint("priority BETWEEN 0 AND 4", name="priority"),
        Index("ix_tasks_user_created", "user_id", "created_at", "id"),
        Index("ix_tasks_user_due", "user_id", "due_at", "id"),
        Index("ix_tasks_user_updated", "user_id", "updated_at", "id"),
        Index("ix_tasks_user_position", "user_id", "position", "id"),
        Index("ix_tasks_user_priority", "user_id", "priority", "id"),
        Index("ix_tasks_user_title", "user_id", func.lower(text("title")), "id"),
        Index("ix_tasks_user_due_desc", "user_id", text("due_at DESC NULLS LAST"), text("id DESC")).ddl_if(
            dialect="postgresql"
        ),
        Index(
            "ix_tasks_user_overdue",
            "user_id",
            "overdue_at",
            postgresql_where=text("NOT completed AND skipped_at IS NULL"),
            sqlite_where=text("completed = 0 AND skipped_at IS NULL"),
        ),
        Index(
            "ix_tasks_user_recurring",
            "user_id",
            "created_at",
            "id",
            postgresql_where=text("series_start IS NOT NULL"),
            sqlite_where=text("series_start IS NOT NULL"),
        ),
        Index(
            "ix_tasks_series",
            "series_id",
            postgresql_where=text("series_id IS NOT NULL"),
            sqlite_where=text("series_id IS NOT NULL"),
        ),
        Index(
            "uq_tasks_open_occurrence",
            "series_id",
            unique=True,
            postgresql_where=text("series_id IS NOT NULL AND NOT completed AND skipped_at IS NULL"),
            sqlite_where=text("series_id IS NOT NULL AND NOT completed AND skipped_at IS NULL"),
        ),
    )
    # What a search finds the task by; written by `_index_words`, and never loaded with the rest.
    __mapper_args__: ClassVar[dict[str, Any]] = {
        "properties": {"words": deferred(WORDS, raiseload=True)},
    }

    id: UUID = Field(default_factory=new_id, primary_key=True)
    user_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE")
    title: str = Field(sa_type=Text)
    description: str = Field(default="", sa_type=Text)
    completed: bool = False
    completed_at: datetime | None = Field(default=None, sa_type=Instant)
    skipped_at: datetime | None = Field(default=None, sa_type=Instant)
    """When this occurrence was passed over; it is closed then, without being completed."""
    priority: int = 0
    """The rank of a `Priority`, so that it sorts by meaning."""
    due_at: datetime | None = Field(default=None, sa_type=Instant)
    """An all-day task is due from the start of its day in its zone."""
    all_day: bool = False
    overdue_at: datetime | None = Field(default=None, sa_type=Instant)
    """When it becomes overdue: at `due_at`, or at the end of an all-day task's day."""
    timezone: str
    category_id: UUID | None = Field(
        default=None, foreign_key="categories.id", ondelete="SET NULL", index=True
    )

    recurrence: dict[str, Any] | None = Field(default=None, sa_type=JsonValue)
    series_id: UUID | None = None
    """The first occurrence's id, on every occurrence."""
    series_start: str | None = None
    """Wall time of the series' first date (RFC 5545 DTSTART), ISO 8601 without offset."""
    series_last: str | None = None
    """Wall time of the last date that the rule's COUNT allows; found once, when the series begins."""
    scheduled_for: str | None = None
    """Wall time at which the rule placed this occurrence, wherever its date was moved since."""
    next_due_at: datetime | None = Field(default=None, sa_type=Instant)
    """When the task would be due again if it were completed now, until that instant has passed; None where it
    has to be searched for."""
    occurrence: int = 1
    """Position in the series, from 1."""
    parent_task_id: UUID | None = Field(default=None, unique=True)
    """The occurrence before it; kept when that one is deleted."""

    position: float = Field(sa_type=Double)
    version: int = 1
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)

    tags: list[Tag] = Relationship(
        link_model=TaskTag, passive_deletes=True, sa_relationship_kwargs={"lazy": "raise"}
    )

    @property
    def is_open(self) -> bool:
        return not self.completed and self.skipped_at is None


PLAIN_FIELDS = ("title", "description", "position")
"""What is stored as it was sent, and goes on unchanged to the next occurrence."""

tasks = table_of(Task)
"""The columns for queries that give `Columns`; a query of the class would give objects."""

Columns = Row[*tuple[Any, ...]]
"""What a query found of one row. Where nothing will be changed, objects that follow changes are wasted."""

StoredTask = Task | Columns
StoredTag = Tag | Columns


@event.listens_for(Task, "before_insert")
@event.listens_for(Task, "before_update")
def _index_words(_mapper: Mapper[Task], _connection: Connection, task: Task) -> None:
    state = inspect(task)
    if state.attrs.title.history.has_changes() or state.attrs.description.history.has_changes():
        words = SearchDocument.of(task.user_id, task.title, task.description or "")
        set_attribute(task, "words", words)  # no field of the class, so that nothing loads it by accident
