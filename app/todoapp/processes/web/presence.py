"""Work that ends when its client leaves."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any, TypeVar

from fastapi import Request
from starlette.requests import ClientDisconnect

__all__ = ["pieces_of_body", "while_connected"]

T = TypeVar("T")

PIECE = 64 << 10


async def while_connected(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Do the work of a request whose body was read, and cancel it if the client leaves before it is done.

    Raises:
        ClientDisconnect
    """
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_leaving(request))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        return working.result()
    finally:
        for each in (working, leaving):
            each.cancel()
        await asyncio.wait({working, leaving})


async def _leaving(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def pieces_of_body(request: Request) -> AsyncIterator[bytes]:
    """The body in pieces of 64 KiB or a little more, however small the pieces are that arrive.

    Raises:
        ClientDisconnect
    """
    gathered = bytearray()
    async for arrived in request.stream():
        gathered += arrived
        if len(gathered) >= PIECE:
            yield bytes(gathered)
            gathered.clear()
    if gathered:
        yield bytes(gathered)
