"""An application behind a real server, in the test's own event loop."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI

__all__ = ["Serving", "serving"]


class Serving:
    """A server that is running."""

    def __init__(self, app: FastAPI) -> None:
        config = uvicorn.Config(app, log_config=None, lifespan="on", timeout_graceful_shutdown=2)
        self._server = uvicorn.Server(config)
        self._socket = socket.create_server(("127.0.0.1", 0))
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
async def serving(app: FastAPI) -> AsyncIterator[Serving]:
    running = Serving(app)
    try:
        yield running
    finally:
        await running.stop()
