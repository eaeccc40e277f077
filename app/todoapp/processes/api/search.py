"""Search: ranked full text."""

from typing import Annotated

from fastapi import Query

from todoapp.features.tasks.search import FoundTask, SearchQuery, search_tasks
from todoapp.kit.paging import Page
from todoapp.processes.api.dependencies import Reading
from todoapp.processes.api.routing import resource_router

__all__ = ["router"]

router = resource_router("/api/tasks/search", "Tasks")


@router.get("")
async def search(query: Annotated[SearchQuery, Query()], reading: Reading) -> Page[FoundTask]:
    """Find tasks by words of their title and description, the best first.

    The beginning of a word finds it; case and accents do not matter. A word that no task has finds
    similar words. Words in quotes are found in a row, `-word` leaves out tasks with it.
    """
    return await search_tasks(reading.session, reading.user_id, query, now=reading.now)
