"""Finding tasks: filters, sorting and pages."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from sqlalchemy import ColumnElement, Row, and_, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, selectinload

from todoapp.fields import name_key
from todoapp.paging import InvalidCursor, decode_cursor, encode_cursor
from todoapp.tasks.model import Category, Priority, Tag, Task

__all__ = ["SortBy", "TaskPage", "TaskQuery", "list_tasks"]


class SortBy(StrEnum):
    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"
    DUE_AT = "due_at"
    PRIORITY = "priority"
    TITLE = "title"
    POSITION = "position"
    RELEVANCE = "relevance"


def _split_commas(value: object) -> object:
    """Let `?tags=home,garden` say the same as `?tags=home&tags=garden`."""
    if isinstance(value, list):
        return [part for each in value for part in str(each).split(",") if part]
    return value


Many = BeforeValidator(_split_commas)


class TaskQuery(BaseModel):
    """The parameters of a list of tasks."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    search: (
        Annotated[str, Field(min_length=1, max_length=200, description="in title and description")] | None
    ) = None
    status: Literal["open", "completed", "all"] = "all"
    priority: Annotated[list[Priority], Many] = Field(default_factory=list, description="any of these")
    tags: Annotated[list[str], Many] = Field(default_factory=list, description="names or ids")
    tags_mode: Literal["any", "all"] = "any"
    category: str | None = Field(default=None, description="name or id")
    due_after: AwareDatetime | None = Field(default=None, description="that instant included")
    due_before: AwareDatetime | None = Field(default=None, description="that instant not included")
    due_date_start: AwareDatetime | None = Field(default=None, description="the same as due_after")
    due_date_end: AwareDatetime | None = Field(default=None, description="the same as due_before")
    overdue: bool | None = None
    recurring: bool | None = None
    updated_since: AwareDatetime | None = Field(default=None, description="that instant included")
    sort_by: SortBy = SortBy.CREATED_AT
    sort_order: Literal["asc", "desc"] | None = Field(
        default=None,
        description="by default newest, highest and best first; dates, titles and positions ascend",
    )
    limit: int = Field(default=50, ge=1, le=200)
    cursor: str | None = Field(default=None, description="next_cursor of the page before")
    page: int | None = Field(default=None, ge=1, le=1_000_000, description="instead of a cursor, from 1")
    page_size: int | None = Field(default=None, ge=1, le=200, description="with page, instead of limit")
    include_total: bool = False

    @model_validator(mode="after")
    def _refuse_contradictions(self) -> "TaskQuery":
        for name, other in (("due_after", "due_date_start"), ("due_before", "due_date_end")):
            if getattr(self, name) is not None and getattr(self, other) is not None:
                raise ValueError(f"{name} and {other} mean the same; send one of them")
        if self.page is not None and self.cursor is not None:
            raise ValueError("send either page or cursor")
        if self.page is None and self.page_size is not None:
            raise ValueError("page_size goes with page; use limit with a cursor")
        if self.sort_by is SortBy.RELEVANCE and self.search is None:
            raise ValueError("sort_by=relevance needs a search")
        return self

    @property
    def ascends(self) -> bool:
        if self.sort_order is not None:
            return self.sort_order == "asc"
        return self.sort_by in {SortBy.DUE_AT, SortBy.TITLE, SortBy.POSITION}

    @property
    def filter(self) -> dict[str, Any]:
        """What a cursor is bound to."""
        return self.model_dump(mode="json", exclude={"limit", "cursor", "page", "page_size", "include_total"})


@dataclass(frozen=True)
class TaskPage:
    tasks: Sequence[Task]
    next_cursor: str | None
    total: int | None


async def list_tasks(session: AsyncSession, user_id: UUID, query: TaskQuery, *, now: datetime) -> TaskPage:
    """One page of the user's tasks, with their tags.

    Raises:
        InvalidCursor
    """
    matching = [Task.user_id == user_id, *_conditions(query, user_id, now)]
    key = _sort_key(query)
    size = query.page_size or query.limit
    selected = (
        select(Task, key.label("sort_key"))
        .where(*matching)
        .order_by(*_order(key, ascends=query.ascends))
        .limit(size + 1)
        .options(selectinload(Task.tags))
    )
    if query.cursor is not None:
        selected = selected.where(_after(key, query))
    elif query.page is not None:
        selected = selected.offset((query.page - 1) * size)
    rows = (await session.execute(selected)).all()
    total = None
    if query.include_total:
        total = await session.scalar(select(func.count()).select_from(Task).where(*matching))
    more = len(rows) > size
    return TaskPage(
        tasks=[task for task, _ in rows[:size]],
        next_cursor=_cursor(query, rows[size - 1]) if more else None,
        total=total,
    )


def _conditions(query: TaskQuery, user_id: UUID, now: datetime) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    is_open = and_(Task.completed.is_(False), Task.skipped_at.is_(None))
    if query.search is not None:
        conditions.append(
            or_(*(_contains(column, query.search) for column in (Task.title, Task.description)))
        )
    if query.status == "open":
        conditions.append(is_open)
    elif query.status == "completed":
        conditions.append(Task.completed.is_(True))
    if query.priority:
        conditions.append(Task.priority.in_([each.rank for each in query.priority]))
    if query.tags:
        bears = [Task.tags.any(_named(Tag, user_id, tag)) for tag in query.tags]
        conditions.append(and_(*bears) if query.tags_mode == "all" else or_(*bears))
    if query.category is not None:
        in_category = select(Category.id).where(_named(Category, user_id, query.category))
        conditions.append(Task.category_id.in_(in_category))
    if after := query.due_after or query.due_date_start:
        conditions.append(Task.due_at >= after)
    if before := query.due_before or query.due_date_end:
        conditions.append(Task.due_at < before)
    if query.overdue is not None:
        is_overdue = and_(is_open, Task.overdue_at.is_not(None), Task.overdue_at <= now)
        conditions.append(is_overdue if query.overdue else ~is_overdue)
    if query.recurring is not None:
        conditions.append(Task.series_start.is_not(None) if query.recurring else Task.series_start.is_(None))
    if query.updated_since is not None:
        conditions.append(Task.updated_at >= query.updated_since)
    return conditions


def _contains(column: InstrumentedAttribute[str], words: str) -> ColumnElement[bool]:
    return column.icontains(words, autoescape=True)


def _named(kind: type[Tag] | type[Category], user_id: UUID, name_or_id: str) -> ColumnElement[bool]:
    named = kind.name_key == name_key(name_or_id)
    with suppress(ValueError):
        named = or_(named, kind.id == UUID(name_or_id))
    return and_(kind.user_id == user_id, named)


def _sort_key(query: TaskQuery) -> ColumnElement[Any]:
    match query.sort_by:
        case SortBy.TITLE:
            return func.lower(Task.title)
        case SortBy.RELEVANCE:
            words = str(query.search)
            starts = Task.title.istartswith(words, autoescape=True)
            return case((starts, 2), (_contains(Task.title, words), 1), else_=0)
        case column:
            return Task.__table__.c[column.value]


def _order(key: ColumnElement[Any], *, ascends: bool) -> Sequence[ColumnElement[Any]]:
    """Without a date comes last, whichever way the dates run; ids settle what is equal."""
    direction = (key.asc(), Task.id.asc()) if ascends else (key.desc(), Task.id.desc())
    return (key.is_(None), *direction)


def _after(key: ColumnElement[Any], query: TaskQuery) -> ColumnElement[bool]:
    value, after_id = _read_cursor(query)
    later_id = Task.id > after_id if query.ascends else Task.id < after_id
    if value is None:
        return and_(key.is_(None), later_id)
    later_key = key > value if query.ascends else key < value
    return or_(later_key, and_(key == value, later_id), key.is_(None))


def _cursor(query: TaskQuery, last: Row[Any]) -> str:
    return encode_cursor(query.filter, [last.sort_key, str(last.Task.id)])


def _read_cursor(query: TaskQuery) -> tuple[Any, UUID]:
    value, task_id = decode_cursor(query.filter, str(query.cursor), length=2)
    try:
        if value is not None and query.sort_by in {SortBy.CREATED_AT, SortBy.UPDATED_AT, SortBy.DUE_AT}:
            value = datetime.fromisoformat(value)
        return value, UUID(task_id)
    except (ValueError, TypeError, AttributeError) as error:
        raise InvalidCursor from error
