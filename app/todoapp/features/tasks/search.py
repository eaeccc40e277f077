"""Searching: the tasks that say what was typed, the best first, with the places where they say it."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from todoapp.features.tasks.filters import SearchText, TaskFilter
from todoapp.features.tasks.listing import SortBy, TaskQuery, list_tasks
from todoapp.features.tasks.model import Columns
from todoapp.features.tasks.queries import views
from todoapp.features.tasks.text_search.highlighting import excerpt, highlight
from todoapp.features.tasks.text_search.query import Query
from todoapp.features.tasks.view import TaskView
from todoapp.kit.paging import Page

__all__ = ["FoundTask", "SearchQuery", "search_tasks"]


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
    def of(cls, task: Columns, query: Query) -> Self:
        return cls(title=highlight(task.title, query), description=excerpt(task.description, query))


class FoundTask(BaseModel):
    task: TaskView
    rank: float = Field(description="the better the higher; compares the tasks of one search only")
    snippets: Snippets


async def search_tasks(
    session: AsyncSession, user_id: UUID, query: SearchQuery, *, now: datetime
) -> Page[FoundTask]:
    """One page of the user's tasks that are found by `query.q`, the best first.

    Raises:
        InvalidCursor
    """
    page = await list_tasks(session, user_id, query.as_list(), now=now)
    searched = page.searched or Query()
    found = [
        FoundTask(task=view, rank=task.sort_key, snippets=Snippets.of(task, searched))
        for task, view in zip(page.tasks, await views(session, page.tasks, now=now), strict=True)
    ]
    return Page(items=found, next_cursor=page.next_cursor)
