"""The live feed: who may listen, and that nothing is missed, doubled or out of order."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from secrets import token_hex
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI
from sqlalchemy import delete
from websockets import Subprotocol
from websockets.asyncio.client import ClientConnection, connect

from testbed.app.application import JWT_SECRET, SEALING_KEY, Clock, calling, logged_in, user_id_of
from testbed.app.deliveries import Deliveries
from testbed.app.server import Serving, serving
from testbed.app.statements import statements_of
from testbed.waiting import eventually
from todoapp.kit.settings import Settings
from todoapp.messaging.outbox import Origin, OutboxEvent
from todoapp.processes.api.app import create_api, create_inner_api
from todoapp.processes.runtime import Runtime

Json = dict[str, Any]


@pytest.fixture
async def server(api: FastAPI) -> AsyncIterator[Serving]:
    async with serving(api) as running:
        yield running


@pytest.fixture
def listening(server: Serving, client: httpx.AsyncClient) -> Any:
    """Connect as the client does, with its token as a subprotocol."""

    def listen(query: str = "", *, path: str = "/api/ws") -> connect:
        return connect(f"ws://{server.address}{path}{query}", subprotocols=bearer(client))

    return listen


def token(client: httpx.AsyncClient) -> str:
    return client.headers["Authorization"].removeprefix("Bearer ")


async def heard(socket: ClientConnection) -> Json:
    message: Json = orjson.loads(await socket.recv())
    return message


async def closing(socket: ClientConnection) -> tuple[int, str]:
    """Wait until the server has ended the connection, and see why."""
    await socket.wait_closed()
    assert socket.close_code is not None
    return socket.close_code, socket.close_reason or ""


async def add(client: httpx.AsyncClient, title: str) -> None:
    assert (await client.post("/api/tasks", json={"title": title})).status_code == 201


async def test_a_change_is_sent_as_sync_returns_it(client: httpx.AsyncClient, listening: Any) -> None:
    async with listening() as socket:
        ready = await heard(socket)
        await add(client, "Buy milk")
        told = await heard(socket)

    assert socket.subprotocol == "todoapp.v1"
    assert ready == {"type": "ready", "seq": 0}
    [change] = (await client.get("/api/sync", params={"since": 0})).json()["changes"]
    assert told == {"type": "change", **change}


async def test_client_may_send_its_token_in_the_first_message(
    client: httpx.AsyncClient, server: Serving
) -> None:
    async with connect(f"ws://{server.address}/api/ws") as socket:
        await socket.send(orjson.dumps({"type": "authenticate", "token": token(client)}).decode())

        assert (await heard(socket))["type"] == "ready"


@pytest.mark.parametrize(
    "first", ['{"type": "hello"}', "not JSON", b"\x00", '{"type":"authenticate","token":"x"}']
)
async def test_listening_needs_a_valid_token(server: Serving, first: str | bytes) -> None:
    async with connect(f"ws://{server.address}/api/ws") as socket:
        await socket.send(first)

        assert (await closing(socket))[0] == 4401


async def test_a_token_in_the_url_is_refused(client: httpx.AsyncClient, server: Serving) -> None:
    async with connect(f"ws://{server.address}/api/ws?token={token(client)}") as socket:
        code, reason = await closing(socket)

    assert code == 4422
    assert reason == "A token in a URL ends up in logs; send it as a subprotocol or first message."


@pytest.mark.parametrize("query", ["?since=-1", "?since=yesterday", "?from=1"])
async def test_a_malformed_url_is_refused(listening: Any, query: str) -> None:
    async with listening(query) as socket:
        assert (await closing(socket))[0] == 4422


async def test_a_path_may_name_the_own_user_and_no_other(
    client: httpx.AsyncClient, stranger: httpx.AsyncClient, listening: Any
) -> None:
    mine, theirs = await user_id_of(client), await user_id_of(stranger)

    for path in (f"/api/ws/{mine}", f"/api/{mine}/ws"):
        async with listening(path=path) as socket:
            assert (await heard(socket))["type"] == "ready"
    for path in (f"/api/ws/{theirs}", f"/api/{theirs}/ws"):
        async with listening(path=path) as socket:
            assert (await closing(socket))[0] == 4403


async def test_replay_and_live_join_without_a_gap_under_concurrent_writes(
    client: httpx.AsyncClient, listening: Any
) -> None:
    for number in range(5):
        await add(client, f"Before {number}")
    writing = asyncio.gather(*(add(client, f"During {number}") for number in range(15)))

    async with listening("?since=2") as socket:
        ready = await heard(socket)
        told = [await heard(socket) for _ in range(18)]

    await writing
    assert ready == {"type": "ready", "seq": 2}
    assert [each["seq"] for each in told] == list(range(3, 21))


async def test_a_change_by_another_process_arrives_with_its_delivery(
    client: httpx.AsyncClient, listening: Any, api: FastAPI, deliveries: Deliveries, clock: Clock
) -> None:
    """Also when deliveries come twice, late and in another order."""
    user_id = await user_id_of(client)
    recurrence = deliveries.runtimes["recurrence"]
    async with listening() as socket, calling(create_inner_api(api)) as sidecar:
        await heard(socket)
        async with recurrence.outbox.changes(user_id, Origin("recurrence", clock.now)) as changes:
            for name in ("first", "second"):
                changes.announce("tag", "created", user_id, {"name": name})
        for envelope in [*reversed(await deliveries.published())] * 2:
            answer = await sidecar.post("/events/task-updates", json=envelope)
            assert answer.json() == {"status": "SUCCESS"}
        await add(client, "third")
        told = [await heard(socket) for _ in range(3)]

    assert [each["seq"] for each in told] == [1, 2, 3]
    assert [each["value"].get("name") for each in told] == ["first", "second", None]


async def test_others_hear_nothing(
    client: httpx.AsyncClient, stranger: httpx.AsyncClient, listening: Any
) -> None:
    async with listening() as socket:
        await heard(socket)
        await add(stranger, "Not yours")
        await add(client, "Yours")

        assert (await heard(socket))["value"]["title"] == "Yours"


async def test_a_number_older_than_the_feed_is_refused(
    client: httpx.AsyncClient, runtime: Runtime, listening: Any
) -> None:
    await add(client, "Buy milk")
    async with runtime.database.write() as session:
        await session.execute(delete(OutboxEvent))

    async with listening("?since=0") as socket:
        code, reason = await closing(socket)

    assert code == 4410
    assert reason.startswith("The feed no longer holds all changes after 0")


async def test_a_token_that_expires_ends_the_connection(
    client: httpx.AsyncClient, runtime: Runtime, listening: Any, clock: Clock
) -> None:
    user_id = await user_id_of(client)
    async with listening() as socket:
        await heard(socket)
        clock.advance(days=400)
        async with runtime.outbox.changes(user_id, Origin("system", clock.now)) as changes:
            changes.announce("tag", "created", user_id, {"name": "a secret from then on"})

        assert (await closing(socket)) == (
            4401,
            "The access token has expired; get a new one by /api/auth/refresh or log in.",
        )


async def test_a_stopping_server_closes_all_connections(
    server: Serving, listening: Any, runtime: Runtime
) -> None:
    async with listening() as one, listening() as other:
        assert {(await heard(each))["type"] for each in (one, other)} == {"ready"}
        assert clients(runtime) == 2

        await server.stop()

        assert [(await closing(each))[0] for each in (one, other)] == [1012, 1012]
    assert clients(runtime) == 0


async def test_a_user_has_twenty_sockets_and_no_more(
    client: httpx.AsyncClient, stranger: httpx.AsyncClient, server: Serving, listening: Any
) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(20):
            socket = await stack.enter_async_context(listening())
            assert (await heard(socket))["type"] == "ready"

        async with listening() as one_more:
            refusal = await closing(one_more)
        async with connect(f"ws://{server.address}/api/ws", subprotocols=bearer(stranger)) as other:
            assert (await heard(other))["type"] == "ready"

    assert refusal == (4429, "You have 20 WebSockets open here, the most allowed; close one first.")


async def test_a_change_is_read_once_for_all_sockets(
    client: httpx.AsyncClient, listening: Any, runtime: Runtime
) -> None:
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(listening()) for _ in range(10)]
        for socket in sockets:
            await heard(socket)
        with statements_of(runtime.database) as asked:
            for number in range(5):
                await add(client, f"Task {number}")
                assert {(await heard(socket))["seq"] for socket in sockets} == {number + 1}

    reads = [each for each, _ in asked if each.startswith("SELECT outbox.user_seq")]
    assert 1 <= len(reads) <= 5


async def test_a_client_that_does_not_read_is_left(fresh_database_url: str, clock: Clock) -> None:
    settings = Settings(
        database_url=fresh_database_url,
        jwt_secret=JWT_SECRET,
        sealing_key=SEALING_KEY,
        dapr_http_port=1,
        trust_any_sidecar=True,
        socket_send_seconds=0.3,
    )
    runtime = await Runtime.assemble(settings, "api", now=clock)
    api = create_api(runtime)
    async with logged_in(api) as owner, serving(api) as server:
        long = [
            {"op": "create", "task": {"title": "Read", "description": token_hex(9_000)}} for _ in range(40)
        ]
        assert (await owner.post("/api/tasks/bulk", json={"operations": long})).is_success
        deaf = socket.socket()
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(("127.0.0.1", server.port))
        with deaf:
            deaf.sendall(HANDSHAKE.format(token=token(owner)).encode())

            async def follows() -> bool:
                return clients(runtime) == 1

            async def is_left() -> bool:
                return clients(runtime) == 0

            await eventually(follows, what="the client follows")
            await eventually(is_left, what="the server has left the client")
    await runtime.close()


HANDSHAKE = (
    "GET /api/ws?since=0 HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Protocol: todoapp.v1, bearer.{token}\r\n\r\n"
)


def bearer(client: httpx.AsyncClient) -> list[Subprotocol]:
    return [Subprotocol("todoapp.v1"), Subprotocol(f"bearer.{token(client)}")]


def clients(runtime: Runtime) -> float | None:
    return runtime.metrics.registry.get_sample_value("todoapp_websocket_clients")
