"""An application behind a real server, in the test's own event loop."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

import uvicorn
from fastapi import FastAPI

__all__ = ["Serving", "serving"]


class Serving:
    """A server that is running."""

    def __init__(self, app: FastAPI, lifespan: Literal["on", "off"]) -> None:
        config = uvicorn.Config(app, log_config=None, lifespan=lifespan, timeout_graceful_shutdown=2)
        self._server = uvicorn.Server(config)
        # Only with its protocol named does asyncio send a body at once, without waiting for an ACK of 40 ms.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen()  # who connects before uvicorn listens waits
        self._task = asyncio.create_task(self._server.serve(sockets=[self._socket]))

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        port: int = self._socket.getsockname()[1]
        return port

    async def stop(self) -> None:
        """Ask the server to end, as SIGTERM does, and wait for that."""
        self._server.should_exit = True
        await self._task


@asynccontextmanager
async def serving(app: FastAPI, *, lifespan: Literal["on", "off"] = "on") -> AsyncIterator[Serving]:
    """Serve `app`. An app that runs on after this has no lifespan here, which would start and end it."""
    running = Serving(app, lifespan)
    try:
        yield running
    finally:
        await running.stop()
