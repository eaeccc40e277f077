"""Tasks and what sorts them: categories and tags."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    ForeignKey,
    Index,
    Row,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    event,
    func,
    inspect,
    text,
)
from sqlalchemy.orm import Mapped, Mapper, mapped_column, relationship

from todoapp.features.tasks.text_index.document import SearchDocument, SearchVector
from todoapp.kit.database import Base, new_id

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


class Category(Base):
    __tablename__ = "categories"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str]
    name_key: Mapped[str]
    """The name as names are compared: normalised, without case."""
    colour: Mapped[str | None]
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("user_id", "name_key"),)


class Tag(Base):
    __tablename__ = "tags"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str]
    name_key: Mapped[str]
    colour: Mapped[str | None]
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("user_id", "name_key"),)


task_tags = Table(
    "task_tags",
    Base.metadata,
    Column("task_id", ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True),
    Column("tag_id", ForeignKey("tags.id", ondelete="CASCADE"), primary_key=True, index=True),
)


class Task(Base):
    """Something to do; of a repeating one, one occurrence."""

    __tablename__ = "tasks"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("users.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, default="")
    completed: Mapped[bool] = mapped_column(default=False)
    completed_at: Mapped[datetime | None]
    skipped_at: Mapped[datetime | None]
    """When this occurrence was passed over; it is closed then, without being completed."""
    priority: Mapped[int] = mapped_column(default=0)
    """The rank of a `Priority`, so that it sorts by meaning."""
    due_at: Mapped[datetime | None]
    """An all-day task is due from the start of its day in its zone."""
    all_day: Mapped[bool] = mapped_column(default=False)
    overdue_at: Mapped[datetime | None]
    """When it becomes overdue: at `due_at`, or at the end of an all-day task's day."""
    timezone: Mapped[str]
    category_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("categories.id", ondelete="SET NULL"), index=True
    )

    recurrence: Mapped[dict[str, Any] | None]
    series_id: Mapped[UUID | None]
    """The first occurrence's id, on every occurrence."""
    series_start: Mapped[str | None]
    """Wall time of the series' first date (RFC 5545 DTSTART), ISO 8601 without offset."""
    scheduled_for: Mapped[str | None]
    """Wall time at which the rule placed this occurrence, wherever its date was moved since."""
    occurrence: Mapped[int] = mapped_column(default=1)
    """Position in the series, from 1."""
    parent_task_id: Mapped[UUID | None] = mapped_column(unique=True)
    """The occurrence before it; kept when that one is deleted."""

    position: Mapped[float]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    words: Mapped[SearchDocument] = mapped_column(
        SearchVector, server_default="", deferred=True, deferred_raiseload=True
    )
    """What a search finds the task by; written by `_index_words`."""

    tags: Mapped[list[Tag]] = relationship(secondary=task_tags, lazy="raise", passive_deletes=True)

    __table_args__ = (
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
            "uq_tasks_open_occurrence",
            "series_id",
            unique=True,
            postgresql_where=text("series_id IS NOT NULL AND NOT completed AND skipped_at IS NULL"),
            sqlite_where=text("series_id IS NOT NULL AND NOT completed AND skipped_at IS NULL"),
        ),
    )

    @property
    def is_open(self) -> bool:
        return not self.completed and self.skipped_at is None


PLAIN_FIELDS = ("title", "description", "position")
"""What is stored as it was sent, and goes on unchanged to the next occurrence."""

tasks = Base.metadata.tables["tasks"]
"""What queries name whose answers are `Columns`; naming the class makes objects of them."""

Columns = Row[*tuple[Any, ...]]
"""What a query found of one row. Where nothing will be changed, objects that follow changes are wasted."""

StoredTask = Task | Columns
StoredTag = Tag | Columns


@event.listens_for(Task, "before_insert")
@event.listens_for(Task, "before_update")
def _index_words(_mapper: Mapper[Task], _connection: Connection, task: Task) -> None:
    state = inspect(task)
    if state.attrs.title.history.has_changes() or state.attrs.description.history.has_changes():
        task.words = SearchDocument.of(task.user_id, task.title, task.description or "")
