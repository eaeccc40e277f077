"""Search: ranked full text."""

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, Field

from todoapp.api.dependencies import Reading
from todoapp.api.routing import resource_router
from todoapp.paging import Page
from todoapp.reminders import service as reminders
from todoapp.tasks.search import SearchQuery, Snippets, search_tasks
from todoapp.tasks.view import TaskView

__all__ = ["router"]

router = resource_router("/api/tasks/search", "Tasks")


class FoundTask(BaseModel):
    task: TaskView
    rank: float = Field(description="the better the higher; compares the tasks of one search only")
    snippets: Snippets


@router.get("")
async def search(query: Annotated[SearchQuery, Query()], reading: Reading) -> Page[FoundTask]:
    """Find tasks by words of their title and description, the best first.

    A word is found as far as it is typed, whatever its case and accents; one that no task has
    stands for those it resembles. Words in quotes are found in a row, `-word` leaves out.
    """
    page = await search_tasks(reading.session, reading.user_id, query, now=reading.now)
    by_task = await reminders.of_tasks(reading.session, [hit.task.id for hit in page.hits])
    return Page(
        items=[
            FoundTask(
                task=TaskView.at(reading.now, hit.task, by_task.get(hit.task.id, [])),
                rank=hit.rank,
                snippets=hit.snippets,
            )
            for hit in page.hits
        ],
        next_cursor=page.next_cursor,
    )
