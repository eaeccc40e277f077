"""Wait for a condition that no process announces."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

__all__ = ["WAIT_TIMEOUT", "eventually", "wait_until"]

Found = TypeVar("Found")

WAIT_TIMEOUT = 150
"""Also the timeout of HTTP answers: on a busy machine they are late without being wrong."""
PAUSE_SECONDS = 0.02


def wait_until(condition: Callable[[], Found | None], *, what: str, seconds: float = WAIT_TIMEOUT) -> Found:
    """Ask again and again until the answer is true.

    Returns:
        The answer.

    Raises:
        AssertionError: `what` did not happen within `seconds`.
    """
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"After {seconds} s still not: {what}."
        time.sleep(PAUSE_SECONDS)
    return found


async def eventually(
    condition: Callable[[], Awaitable[Found | None]], *, what: str, seconds: float = WAIT_TIMEOUT
) -> Found:
    """As `wait_until`, while other work of the test's event loop goes on."""
    deadline = time.monotonic() + seconds
    while not (found := await condition()):
        assert time.monotonic() < deadline, f"After {seconds} s still not: {what}."
        await asyncio.sleep(PAUSE_SECONDS)
    return found
