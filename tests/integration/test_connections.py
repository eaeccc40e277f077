"""Connections whose clients stop in the middle, on a real server."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import cast

import pytest
import uvicorn
from starlette.types import Message, Receive, Scope, Send

from testbed.app.service_process import running_service
from testbed.waiting import WAIT_TIMEOUT, eventually
from todoapp.processes.web.connections import BoundedHttp

SHORT = 0.3
"""Seconds of patience, for clients who stop."""
LONG = WAIT_TIMEOUT
LARGE = 64 << 20
"""Bytes of an answer: more than the kernel keeps for a client that does not read."""

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Connect = Callable[[], AbstractAsyncContextManager[Streams]]


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Reads its request and says how long it was; `/early` answers before that, `/large` at length."""
    received, more = 0, scope["path"] != "/early"
    while more:
        message: Message = await receive()
        if message["type"] == "http.disconnect":
            return
        received += len(message["body"])
        more = message["more_body"]
    body = b"%d" % received if scope["path"] != "/large" else b"x" * LARGE
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    pieces = [body[start : start + 65536] for start in range(0, len(body), 65536)]
    for number, piece in enumerate(pieces, 1):
        await send({"type": "http.response.body", "body": piece, "more_body": number < len(pieces)})


@asynccontextmanager
async def serving(*, patience: float, most: int = 100) -> AsyncIterator[tuple[uvicorn.Server, Connect]]:
    """A server of `application`."""
    protocol = cast("type[BoundedHttp]", partial(BoundedHttp, patience=patience, most=most))
    config = uvicorn.Config(application, http=protocol, log_config=None, lifespan="off", access_log=False)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        task = asyncio.create_task(server._serve([listening]))
        await eventually(lambda: _is(server.started), what="the server listens")
        try:
            yield server, partial(connected, listening.getsockname()[1])
        finally:
            server.should_exit = True
            server.force_exit = True
            await task


async def _is(value: bool) -> bool:
    return value


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Streams]:
    # With a small buffer the kernel keeps little for a client that does not read.
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.setblocking(False)
    await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", port))
    reader, writer = await asyncio.open_connection(sock=client, limit=4096)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def ended(reader: asyncio.StreamReader) -> bytes:
    """What comes until the server ends the connection."""
    received = b""
    try:
        while piece := await asyncio.wait_for(reader.read(1 << 20), WAIT_TIMEOUT):
            received += piece
    except ConnectionResetError:
        pass
    return received


POST = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n"
LOG_IN = POST.replace(b"/ ", b"/api/auth/login ", 1) + b"Content-Type: application/json\r\n"
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GE",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        POST + b"\r\n",
        POST + b"\r\nsome",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
    ],
)
async def test_client_that_stops_before_the_end_is_not_waited_for(sent: bytes) -> None:
    async with serving(patience=SHORT) as (server, connect), connect() as (reader, writer):
        writer.write(sent)

        assert await ended(reader) == b""
        await eventually(lambda: _is(not server.server_state.connections), what="no connection is left")
        await eventually(lambda: _is(not server.server_state.tasks), what="no request is left")


@pytest.mark.parametrize(
    "sent", [GET + b"GET / HTT", GET + b"\r\n", POST.replace(b"/ ", b"/early ") + b"\r\nsome"]
)
async def test_answered_client_that_stops_is_not_waited_for(sent: bytes) -> None:
    async with serving(patience=SHORT) as (server, connect), connect() as (reader, writer):
        writer.write(sent)

        assert (await ended(reader)).startswith(b"HTTP/1.1 200 OK")
        assert not server.server_state.connections


async def test_client_that_trickles_a_head_is_not_waited_for() -> None:
    async with serving(patience=SHORT) as (_, connect), connect() as (reader, writer):

        async def trickle() -> None:
            writer.write(b"GET / HTTP/1.1\r\n")
            while True:
                writer.write(b"X-Slow: 1\r\n")
                await asyncio.sleep(0.02)  # the client's own pace

        async with asyncio.TaskGroup() as group:
            trickling = group.create_task(trickle())
            assert await ended(reader) == b""
            trickling.cancel()


async def test_client_that_does_not_read_is_not_waited_for() -> None:
    async with serving(patience=SHORT) as (server, connect), connect() as (_, writer):
        writer.write(GET.replace(b"/ ", b"/large ", 1))

        await eventually(lambda: _is(bool(server.server_state.tasks)), what="the answer is begun")
        await eventually(lambda: _is(not server.server_state.tasks), what="the answer is given up")
        await eventually(lambda: _is(not server.server_state.connections), what="the connection ended")


async def test_pieces_in_time_make_a_request() -> None:
    body = b"x" * (300 << 10)
    async with serving(patience=LONG) as (_, connect), connect() as (reader, writer):
        writer.write(
            b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
        )
        for start in range(0, len(body), 10_000):
            writer.write(body[start : start + 10_000])
            await writer.drain()

        assert (await ended(reader)).endswith(b"%d" % len(body))


async def test_too_many_connections_are_refused_but_health_is_answered() -> None:
    async with serving(patience=LONG, most=2) as (_, connect), AsyncExitStack() as stack:
        for _ in range(2):
            _, other = await stack.enter_async_context(connect())
            other.write(POST + b"\r\n")
        answers = []
        for path in (b"/", b"/health/live"):
            reader, writer = await stack.enter_async_context(connect())
            writer.write(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            answers.append(await ended(reader))

    assert answers[0].startswith(b"HTTP/1.1 503 ")
    assert b'"code":"too-many-connections"' in answers[0]
    assert b"retry-after: 1" in answers[0].lower()
    assert answers[1].startswith(b"HTTP/1.1 200 ")


async def test_idle_connection_makes_room_for_another() -> None:
    async with serving(patience=LONG, most=1) as (_, connect), connect() as (idle, writer):
        writer.write(GET)
        assert await idle.readuntil(b"\r\n\r\n0")

        async with connect() as (reader, other):
            other.write(GET.replace(b"Host", b"Connection: close\r\nHost"))
            assert (await ended(reader)).startswith(b"HTTP/1.1 200 ")
        assert await ended(idle) == b""


def test_service_ends_half_open_connections(tmp_path: Path) -> None:
    variables = {"TODOAPP_DATABASE_URL": f"sqlite:///{tmp_path}/none.db", "TODOAPP_CLIENT_SECONDS": "0.3"}
    with running_service("api", tmp_path, **variables) as running:
        running.wait_for(200, "/health/live")
        for sent in (b"GET / HTT", LOG_IN + b"\r\n{"):
            with socket.create_connection(("127.0.0.1", running.port), timeout=WAIT_TIMEOUT) as client:
                client.sendall(sent)

                assert client.recv(100) == b""
        assert running.stop() == 0
    assert "Traceback" not in running.log.read_text()
