"""Clients that ask as fast as they are answered, and how long that takes."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import aiohttp
import orjson

__all__ = ["Asked", "Load", "Refused", "answered", "ask", "clients"]

TIMEOUT = aiohttp.ClientTimeout(total=60)


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    """sent as JSON, unless it is a text of another media type"""
    media_type: str = "application/json"

    def content(self) -> bytes | None:
        if self.body is None:
            return None
        return self.body.encode() if isinstance(self.body, str) else orjson.dumps(self.body)


class Refused(Exception):
    """A request of a benchmark was not answered with a success."""

    def __init__(self, asked: Asked, status: int, answer: str) -> None:
        super().__init__(f"{asked.method} {asked.path} was answered {status}: {answer}")


@dataclass(frozen=True)
class Load:
    """The results of many requests."""

    latencies: Sequence[float]
    """seconds, from the sending of each request to the end of its answer"""
    seconds: float
    """from the first request to the last answer"""

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds


async def ask(url: str, token: str, requests: Sequence[Asked], *, concurrency: int) -> Load:
    """Send the requests of one user, so many at a time, each client over a connection of its own.

    Raises:
        Refused
    """
    waiting = iter(requests)
    async with clients(url, concurrency) as http:
        started = perf_counter()
        async with asyncio.TaskGroup() as group:
            asking = [group.create_task(_client(http, token, waiting)) for _ in range(concurrency)]
        seconds = perf_counter() - started
    return Load([taken for client in asking for taken in client.result()], seconds)


def clients(url: str, count: int) -> aiohttp.ClientSession:
    """What so many clients send their requests with."""
    return aiohttp.ClientSession(url, connector=aiohttp.TCPConnector(limit=count), timeout=TIMEOUT)


async def answered(http: aiohttp.ClientSession, token: str, asked: Asked) -> tuple[float, Any]:
    """Send one request.

    Returns:
        How many seconds that took, and what was answered.

    Raises:
        Refused
    """
    headers = {"Authorization": f"Bearer {token}", "Content-Type": asked.media_type}
    started = perf_counter()
    async with http.request(
        asked.method, asked.path, params=asked.parameters, data=asked.content(), headers=headers
    ) as answer:
        content = await answer.read()
    seconds = perf_counter() - started
    if not answer.ok:
        raise Refused(asked, answer.status, content.decode())
    return seconds, orjson.loads(content)


async def _client(http: aiohttp.ClientSession, token: str, waiting: Iterator[Asked]) -> list[float]:
    """Take one request after another from those that wait."""
    return [(await answered(http, token, asked))[0] for asked in waiting]
