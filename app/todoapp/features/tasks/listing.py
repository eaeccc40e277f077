"""Lists of tasks: filtered, sorted, in pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, FiniteFloat, TypeAdapter, model_validator
from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from todoapp.features.tasks.filters import SearchText, TaskFilter, conditions
from todoapp.features.tasks.model import Columns, Priority, tasks
from todoapp.features.tasks.queries import COLUMNS
from todoapp.features.tasks.text_search.matching import TextMatch, corrected_query, matching
from todoapp.features.tasks.text_search.query import Query, parse
from todoapp.kit.fields import Text, Timestamp
from todoapp.kit.paging import decode_cursor, encode_cursor

__all__ = [
    "SORT_KEYS",
    "Selection",
    "SortBy",
    "SortKey",
    "TaskPage",
    "TaskQuery",
    "list_tasks",
    "select_tasks",
]


class SortBy(StrEnum):
    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"
    DUE_AT = "due_at"
    PRIORITY = "priority"
    TITLE = "title"
    POSITION = "position"
    RELEVANCE = "relevance"


@dataclass(frozen=True)
class SortKey:
    """What a list is sorted by, and how."""

    key: ColumnElement[Any] | None
    """None: the rank that a search gives a task."""
    in_cursor: Any
    """The type of its values; a cursor holds the one of the last row of its page."""
    ascends: bool = False
    """Whether it does unless the query says otherwise."""
    nullable: bool = False
    """Tasks without a value come last, in either direction."""

    @cached_property
    def last_row(self) -> TypeAdapter[tuple[Any, UUID]]:
        in_cursor: Any = self.in_cursor
        return TypeAdapter(tuple[in_cursor, UUID])


SORT_KEYS = {
    SortBy.CREATED_AT: SortKey(tasks.c.created_at, Timestamp),
    SortBy.UPDATED_AT: SortKey(tasks.c.updated_at, Timestamp),
    SortBy.DUE_AT: SortKey(tasks.c.due_at, Timestamp | None, ascends=True, nullable=True),
    SortBy.PRIORITY: SortKey(tasks.c.priority, Annotated[int, Field(ge=0, lt=len(Priority))]),
    SortBy.TITLE: SortKey(func.lower(tasks.c.title), Text, ascends=True),
    SortBy.POSITION: SortKey(tasks.c.position, FiniteFloat, ascends=True),
    SortBy.RELEVANCE: SortKey(None, FiniteFloat),
}
"""All that has to be said of a key that lists are sorted by."""


class TaskQuery(TaskFilter):
    """The parameters of a list of tasks."""

    search: SearchText | None = None
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
    def _refuse_contradictions(self) -> Self:
        if self.page is not None and self.cursor is not None:
            raise ValueError("send either page or cursor")
        if self.page is None and self.page_size is not None:
            raise ValueError("page_size goes with page; use limit with a cursor")
        if self.sort_by is SortBy.RELEVANCE and self.search is None:
            raise ValueError("sort_by=relevance needs a search")
        return self

    @property
    def size(self) -> int:
        return self.page_size or self.limit

    @property
    def sorted_by(self) -> SortKey:
        return SORT_KEYS[self.sort_by]

    @property
    def ascends(self) -> bool:
        if self.sort_order is not None:
            return self.sort_order == "asc"
        return self.sorted_by.ascends

    @property
    def filter(self) -> dict[str, Any]:
        """What a cursor is bound to."""
        return self.model_dump(mode="json", exclude={"limit", "cursor", "page", "page_size", "include_total"})


@dataclass(frozen=True)
class TaskPage:
    tasks: Sequence[Columns]
    """Each with the `sort_key` by which it is sorted."""
    searched: Query | None
    """How `search` was understood."""
    next_cursor: str | None
    total: int | None


@dataclass(frozen=True)
class Selection:
    """The statements that a list asks for."""

    page: Select[*tuple[Any, ...]]
    """Tasks with their sort keys, one more than the page holds."""
    total: Select[int]


async def list_tasks(session: AsyncSession, user_id: UUID, query: TaskQuery, *, now: datetime) -> TaskPage:
    """One page of the user's tasks.

    A search that finds nothing is repeated with its unknown words corrected: with an unknown word, it
    could not have found anything.

    Raises:
        InvalidCursor
    """
    dialect = session.get_bind().dialect.name
    searched = parse(query.search) if query.search is not None else None
    selection = select_tasks(user_id, query, searched, now=now, dialect=dialect)
    rows = (await session.execute(selection.page)).all()
    if searched is not None and not rows:
        corrected = await corrected_query(session, user_id, searched)
        if corrected != searched:
            searched = corrected
            selection = select_tasks(user_id, query, searched, now=now, dialect=dialect)
            rows = (await session.execute(selection.page)).all()
    on_page = rows[: query.size]
    return TaskPage(
        tasks=on_page,
        searched=searched,
        next_cursor=_cursor(query, on_page[-1]) if len(rows) > query.size else None,
        total=await session.scalar(selection.total) if query.include_total else None,
    )


def select_tasks(
    user_id: UUID, query: TaskQuery, searched: Query | None, *, now: datetime, dialect: str
) -> Selection:
    """Put a list into SQL.

    Raises:
        InvalidCursor
    """
    found = matching(searched, user_id, dialect=dialect) if searched is not None else None
    mine = found.condition if found is not None else tasks.c.user_id == user_id
    wanted = (mine, *conditions(query, user_id, now))
    key = _sort_key(query, found)
    page = (
        select(*COLUMNS, key.label("sort_key"))
        .where(*wanted)
        .order_by(*_order(key, query))
        .limit(query.size + 1)
    )
    if query.cursor is not None:
        page = page.where(_after(key, query))
    elif query.page is not None:
        page = page.offset((query.page - 1) * query.size)
    return Selection(page, select(func.count(tasks.c.id)).where(*wanted))


def _sort_key(query: TaskQuery, found: TextMatch | None) -> ColumnElement[Any]:
    key = query.sorted_by.key
    if key is not None:
        return key
    return found.rank if found is not None else literal(0.0)


def _order(key: ColumnElement[Any], query: TaskQuery) -> Sequence[ColumnElement[Any]]:
    """Ids settle what is equal."""
    by_key, by_id = (key.asc(), tasks.c.id.asc()) if query.ascends else (key.desc(), tasks.c.id.desc())
    return (by_key.nulls_last() if query.sorted_by.nullable else by_key, by_id)


def _after(key: ColumnElement[Any], query: TaskQuery) -> ColumnElement[bool]:
    value, after_id = decode_cursor(query.filter, str(query.cursor), query.sorted_by.last_row)
    if value is None:
        return and_(key.is_(None), tasks.c.id > after_id if query.ascends else tasks.c.id < after_id)
    here, there = tuple_(key, tasks.c.id), tuple_(value, after_id)
    later = here > there if query.ascends else here < there
    return or_(later, key.is_(None)) if query.sorted_by.nullable else later


def _cursor(query: TaskQuery, last: Columns) -> str:
    return encode_cursor(query.filter, [last.sort_key, str(last.id)])
