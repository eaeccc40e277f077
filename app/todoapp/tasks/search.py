"""Searching: the tasks that say what was typed, the best first, with the places where they say it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from todoapp.tasks.filters import SearchText, TaskFilter
from todoapp.tasks.listing import SortBy, TaskQuery, list_tasks
from todoapp.tasks.model import Task
from todoapp.tasks.searching.highlighting import excerpt, highlight
from todoapp.tasks.searching.query import Query

__all__ = ["Hit", "HitPage", "SearchQuery", "Snippets", "search_tasks"]


class SearchQuery(TaskFilter):
    """The parameters of a search."""

    q: SearchText
    limit: int = Field(default=20, ge=1, le=100)
    cursor: str | None = Field(default=None, description="next_cursor of the page before")

    def as_list(self) -> TaskQuery:
        return TaskQuery(
            **{name: getattr(self, name) for name in TaskFilter.model_fields},
            search=self.q,
            sort_by=SortBy.RELEVANCE,
            limit=self.limit,
            cursor=self.cursor,
        )


class Snippets(BaseModel):
    """HTML: the words that were found are in `<mark>`, all else is escaped."""

    model_config = ConfigDict(frozen=True)

    title: str
    description: str = Field(description="of a long one the part around the first word that was found")

    @classmethod
    def of(cls, task: Task, query: Query) -> Self:
        return cls(title=highlight(task.title, query), description=excerpt(task.description, query))


@dataclass(frozen=True)
class Hit:
    task: Task
    rank: float
    snippets: Snippets


@dataclass(frozen=True)
class HitPage:
    hits: Sequence[Hit]
    next_cursor: str | None


async def search_tasks(session: AsyncSession, user_id: UUID, query: SearchQuery, *, now: datetime) -> HitPage:
    """One page of the user's tasks that are found by `query.q`, the best first.

    Raises:
        InvalidCursor
    """
    page = await list_tasks(session, user_id, query.as_list(), now=now)
    searched = page.searched or Query()
    hits = [
        Hit(task, rank, Snippets.of(task, searched))
        for task, rank in zip(page.tasks, page.sort_keys, strict=True)
    ]
    return HitPage(hits, page.next_cursor)
