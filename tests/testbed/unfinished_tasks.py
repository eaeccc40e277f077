"""Tests share an event loop, so one that leaves a task running fails, or the task would disturb the next."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from pytest_asyncio import is_async_test

__all__ = ["no_unfinished_tasks", "tasks_that_end"]


@pytest.fixture(autouse=True)
def no_unfinished_tasks(request: pytest.FixtureRequest) -> None:
    """The first fixture of an asynchronous test, so it ends last."""
    if is_async_test(request.node):
        request.getfixturevalue("tasks_that_end")


@pytest.fixture
async def tasks_that_end() -> AsyncIterator[None]:
    before = asyncio.all_tasks()
    yield
    unfinished = asyncio.all_tasks() - before - {asyncio.current_task()}
    described = ", ".join(sorted(map(repr, unfinished)))
    for task in unfinished:
        task.cancel()
    await asyncio.gather(*unfinished, return_exceptions=True)
    assert not unfinished, f"The test left tasks running: {described}"
