"""The work that a process does by itself, beside answering."""

import asyncio
import logging
from collections.abc import Iterator

import pytest

from todoapp.processes.runtime import Runtime, inner_app


async def test_failed_work_is_logged_and_restarted(
    runtime: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    ends: Iterator[Exception] = iter([ValueError("a mistake"), ConnectionRefusedError("the database")])
    goes_on = asyncio.Event()

    async def work() -> None:
        for error in ends:
            raise error
        goes_on.set()
        await asyncio.Event().wait()

    app = inner_app(runtime, body_limits={}, jobs=[work])
    with caplog.at_level(logging.WARNING, logger="todoapp.processes.runtime"):
        async with app.router.lifespan_context(app), asyncio.timeout(60):
            await goes_on.wait()

    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("ERROR", "Background task failed; restarting it"),
        ("WARNING", "Background task waits for the database"),
    ]
