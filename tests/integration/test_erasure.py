"""Deleting an account: nothing of it stays, and nothing of anybody else's goes."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI
from websockets import Subprotocol
from websockets.asyncio.client import connect

from testbed.app.application import Clock, calling, user_id_of
from testbed.app.deliveries import Deliveries, Envelope
from testbed.app.rows import Rows, all_rows
from testbed.app.server import serving
from todoapp.kit.database import Base, Database
from todoapp.messaging.event import Topic
from todoapp.messaging.relay import Relay
from todoapp.messaging.sidecar import Message

Json = dict[str, Any]


async def rows(database: Database) -> Rows:
    async with database.read() as session:
        return await (await session.connection()).run_sync(all_rows, Base.metadata)


async def test_a_deleted_account_announces_only_its_deletion(
    client: httpx.AsyncClient,
    stranger: httpx.AsyncClient,
    history: list[Envelope],
    deliveries: Deliveries,
    database: Database,
) -> None:
    await stranger.post("/api/tasks", json={"title": "Stays"})
    await deliveries.settle()
    dead = next(each for each in history if each["type"] == "task.completed")
    await deliveries.send("recurrence", "/events/dead-letter", orjson.dumps(dead))
    await client.post("/api/tokens", json={"name": "Script", "scopes": ["read"]})
    user_id = str(await user_id_of(client))
    others = await rows_of_others(user_id, database)

    answer = await client.delete("/api/me")

    assert (answer.status_code, answer.content) == (204, b"")
    left = {
        table: [row for row in found if user_id in row] for table, found in (await rows(database)).items()
    }
    assert {table for table, found in left.items() if found} == {"outbox"}
    assert "Put out the bins" not in str(await rows(database))
    told = [each for each in await deliveries.published() if each["userid"] == user_id]
    assert {each["type"] for each in told} == {"reminder.cancelled", "data.changed"}
    assert told[-1]["data"]["entity"] == "user"
    assert await rows_of_others(user_id, database) == others


async def rows_of_others(user_id: str, database: Database) -> Rows:
    """Every row of the tables with an owner that is not this user's."""
    found = await rows(database)
    owned = {table.name for table in Base.metadata.sorted_tables if "user_id" in table.columns} | {"users"}
    return {table: [row for row in found[table] if user_id not in row] for table in owned}


async def test_deleting_the_account_needs_a_recent_log_in(client: httpx.AsyncClient, clock: Clock) -> None:
    email = (await client.get("/api/me")).json()["email"]
    clock.advance(minutes=6)

    stale = await client.delete("/api/me")
    again = await client.post("/api/auth/login", json={"email": email, "password": "correct horse"})
    fresh = await client.delete(
        "/api/me", headers={"Authorization": f"Bearer {again.json()['access_token']}"}
    )

    assert (stale.status_code, stale.json()["code"]) == (403, "log-in-again")
    assert fresh.status_code == 204


async def test_all_credentials_of_the_account_stop_at_once(client: httpx.AsyncClient) -> None:
    created = await client.post("/api/tokens", json={"name": "Script", "scopes": ["read"]})
    program = {"Authorization": f"Bearer {created.json()['token']}"}
    assert (await client.get("/api/tasks", headers=program)).status_code == 200

    await client.delete("/api/me")

    assert (await client.get("/api/tasks")).json()["code"] == "account-gone"
    assert (await client.get("/api/tasks", headers=program)).json()["code"] == "invalid-api-token"


async def test_its_websockets_close(client: httpx.AsyncClient, api: FastAPI) -> None:
    token = client.headers["Authorization"].removeprefix("Bearer ")
    protocols = [Subprotocol("todoapp.v1"), Subprotocol(f"bearer.{token}")]
    async with (
        serving(api) as server,
        connect(f"ws://{server.address}/api/ws", subprotocols=protocols) as socket,
    ):
        await socket.recv()
        await client.delete("/api/me")

        await socket.wait_closed()

    assert (socket.close_code, socket.close_reason) == (4401, "The account of this token no longer exists.")


async def test_the_address_can_sign_up_again(client: httpx.AsyncClient, api: FastAPI) -> None:
    email = (await client.get("/api/me")).json()["email"]
    await client.post("/api/tasks", json={"title": "Of my former life"})
    await client.delete("/api/me")

    async with calling(api) as anybody:
        answer = await anybody.post("/api/auth/signup", json={"email": email, "password": "correct horse"})
        anybody.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

        assert answer.status_code == 201
        assert (await anybody.get("/api/tasks")).json()["items"] == []
        assert (await anybody.get("/api/sync")).json()["seq"] == 0


@pytest.mark.parametrize("replayed", [False, True])
async def test_events_on_their_way_find_nothing_to_do(
    client: httpx.AsyncClient,
    history: list[Envelope],
    deliveries: Deliveries,
    database: Database,
    replayed: bool,
) -> None:
    if replayed:
        await deliveries.settle()
    await client.delete("/api/me")
    before = await rows(database)

    for envelope in history:
        if envelope["topic"] == "task-events":
            assert (await deliveries.deliver(envelope)).json() == {"status": "SUCCESS"}

    assert await rows(database) == before


@dataclass
class Interrupted:
    """A broker that runs `during` before it first acknowledges."""

    during: Callable[[], Awaitable[object]] | None
    published: list[Message] = field(default_factory=list)

    async def publish(self, _pubsub: str, _topic: str, messages: Sequence[Message]) -> None:
        self.published += messages
        if self.during is not None:
            happen, self.during = self.during, None
            await happen()


async def test_a_deletion_during_publication_is_published(
    client: httpx.AsyncClient, deliveries: Deliveries, database: Database
) -> None:
    """The outbox never reuses a number, not even that of a deleted event."""
    await client.post("/api/tasks", json={"title": "Buy milk"})
    broker = Interrupted(during=lambda: client.delete("/api/me"))
    routes = {topic: ("pubsub", topic.value) for topic in Topic}
    relay = Relay(database, broker, routes=routes, batch_size=100, idle_seconds=1)

    await relay.publish_pending()

    [end] = await deliveries.published()
    assert end["data"]["entity"] == "user"
    assert end["id"] in [message.id for message in broker.published]
