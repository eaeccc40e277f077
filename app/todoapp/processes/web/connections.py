"""Connections that end: clients that stop in the middle are not waited for, and there are never too many.

uvicorn waits for the rest of a request, or for a client that does not read its answer, without end. Of its
timeouts only the one between two requests ends a connection.
"""

import asyncio
from http import HTTPStatus
from typing import Any

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from todoapp.processes.web.problem import problem_response

__all__ = ["BoundedHttp"]

PIECE = 64 << 10
"""Bytes of a body that arrive within the patience; of an answer it is what uvicorn's transport buffers."""
ALWAYS_ANSWERED = b"/health"
"""Or a process with too many clients would be taken for dead, and restarted."""


class BoundedHttp(HttpToolsProtocol):
    """HTTP/1.1 on one connection.

    It ends when its client takes longer than the patience for the head of a request, for 64 KiB of its body
    or for reading 64 KiB of the answer. While the application itself does not read, the client may wait.
    """

    def __init__(self, *, patience: float, most: int, **parts: Any) -> None:
        """
        Args:
            patience: seconds.
            most: connections of this process at a time; requests on others are answered with 503.
        """
        super().__init__(**parts)
        self._application = self.app
        self._patience = patience
        self._most = most
        self._owed: asyncio.TimerHandle | None = None
        """Runs while the client owes the rest of a request."""
        self._unread: asyncio.TimerHandle | None = None
        """Runs while the client does not read."""
        self._arrived = 0
        """Bytes of the body since the timer was started."""

    # The connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self._most:
            self._end_an_idle_connection()
        self._expect_more()

    def connection_lost(self, exc: Exception | None) -> None:
        self._expect_nothing()
        super().connection_lost(exc)  # resumes writing

    def handle_websocket_upgrade(self) -> None:
        self._expect_nothing()
        super().handle_websocket_upgrade()

    # The request

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._is_idle and self.timeout_keep_alive_task is None and self._owed is None:
            self._expect_more()  # an empty line before a request is no request yet

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._expect_more()

    def on_headers_complete(self) -> None:
        crowded = len(self.connections) > self._most and not self.url.startswith(ALWAYS_ANSWERED)
        self.app = _too_many_connections if crowded else self._application
        self._expect_more()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        self._arrived += len(body)
        if self._arrived >= PIECE:
            self._expect_more()

    def on_message_complete(self) -> None:
        self._expect_nothing()
        super().on_message_complete()

    # The answer

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread = self.loop.call_later(self._patience, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._end_closing()

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._end_closing()

    @property
    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _expect_more(self) -> None:
        self._expect_nothing()
        self._arrived = 0
        self._owed = self.loop.call_later(self._patience, self._give_up)

    def _expect_nothing(self) -> None:
        if self._owed is not None:
            self._owed.cancel()
            self._owed = None

    def _give_up(self) -> None:
        asked_to_wait = not self._is_idle and (self.flow.read_paused or self.cycle.waiting_for_100_continue)
        if asked_to_wait:
            self._expect_more()
        else:
            self.transport.abort()

    def _end_closing(self) -> None:
        """Let a closing connection wait no longer than others for its client to read."""
        if self.transport.is_closing() and self.transport.get_write_buffer_size():
            self.loop.call_later(self._patience, self.transport.abort)

    def _end_an_idle_connection(self) -> None:
        for other in self.connections:
            if isinstance(other, BoundedHttp) and other.timeout_keep_alive_task is not None:
                other.timeout_keep_alive_handler()
                return


async def _too_many_connections(scope: Scope, receive: Receive, send: Send) -> None:
    answer = problem_response(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "too-many-connections",
        "This process has too many connections; try again in a moment.",
        headers={"Retry-After": "1", "Connection": "close"},
    )
    await answer(scope, receive, send)
