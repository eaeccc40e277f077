"""One request, sent and answered piece by piece: a client that is slow, or that leaves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson
from fastapi import FastAPI
from starlette.types import Message

__all__ = ["Exchange", "exchange"]


@dataclass
class Exchange:
    """What a client sends and has read so far. The app waits with each piece until the one before is read."""

    _sent: asyncio.Queue[Message] = field(default_factory=asyncio.Queue)
    _answered: asyncio.Queue[Message] = field(default_factory=lambda: asyncio.Queue(maxsize=1))
    _left: asyncio.Event = field(default_factory=asyncio.Event)

    def send(self, piece: bytes, *, last: bool = False) -> None:
        self._sent.put_nowait({"type": "http.request", "body": piece, "more_body": not last})

    def leave(self) -> None:
        self._sent.put_nowait({"type": "http.disconnect"})
        self._left.set()

    async def _put(self, message: Message) -> None:
        """As a server does: wait for the client, or drop what a client that left will not read."""
        putting = asyncio.ensure_future(self._answered.put(message))
        leaving = asyncio.ensure_future(self._left.wait())
        try:
            await asyncio.wait({putting, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            putting.cancel()
            leaving.cancel()

    async def status(self) -> int:
        """Read the head of the answer."""
        status: int = (await self._answered.get())["status"]
        return status

    async def rest(self) -> bytes:
        """Read what is left of the answer's body."""
        pieces, more = [], True
        while more:
            message = await self._answered.get()
            pieces.append(message["body"])
            more = message.get("more_body", False)
        return b"".join(pieces)

    async def answer(self) -> tuple[int, Any]:
        """The status, and the body as JSON."""
        return await self.status(), orjson.loads(await self.rest())

    @property
    def everything_sent_was_taken(self) -> bool:
        return self._sent.empty()


@asynccontextmanager
async def exchange(
    app: FastAPI, user: httpx.AsyncClient, method: str, path: str, **headers: str
) -> AsyncIterator[Exchange]:
    """Begin a request of a user; when the block ends, the client has left and the app is done with it."""
    url = urlsplit(path)
    made = Exchange()
    sent = {"host": "localhost", "authorization": user.headers["Authorization"]} | headers
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "path": url.path,
        "raw_path": url.path.encode(),
        "query_string": url.query.encode(),
        "root_path": "",
        "scheme": "http",
        "server": ("localhost", 80),
        "client": ("127.0.0.1", 50000),
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in sent.items()],
    }
    serving = asyncio.create_task(app(scope, made._sent.get, made._put))
    try:
        yield made
    finally:
        made.leave()
        await serving
