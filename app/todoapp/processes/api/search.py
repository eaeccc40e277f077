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

    A word is found as far as it is typed, whatever its case and accents; one that no task has
    stands for those it resembles. Words in quotes are found in a row, `-word` leaves out.
    """
    return await search_tasks(reading.session, reading.user_id, query, now=reading.now)
