"""Personal API tokens: what a program may do in its user's name, and what it may not."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select
from websockets import Subprotocol
from websockets.asyncio.client import connect

from testbed.app.application import Clock
from testbed.app.deliveries import Deliveries
from testbed.app.operations import operations
from testbed.app.rows import all_rows
from testbed.app.server import serving
from todoapp.kit.database import Base, Database, new_id
from todoapp.kit.idempotency import IdempotencyKey

Json = dict[str, Any]

CHANGING_NOTHING = {"POST /api/recurrence/preview"}
"""Operations that a token may ask for with `read`, although their verb is not GET."""


async def make_token(client: httpx.AsyncClient, *scopes: str, **more: Any) -> Json:
    answer = await client.post("/api/tokens", json={"name": "Script", "scopes": scopes} | more)
    assert answer.status_code == 201, answer.text
    created: Json = answer.json()
    return created


async def script(client: httpx.AsyncClient, *scopes: str, **more: Any) -> dict[str, str]:
    """The headers of a program that holds a token of these scopes."""
    return {"Authorization": f"Bearer {(await make_token(client, *scopes, **more))['token']}"}


async def listed(client: httpx.AsyncClient) -> list[Json]:
    items: list[Json] = (await client.get("/api/tokens")).json()["items"]
    return items


def nobodys_row(_reference: str) -> UUID:
    return new_id()


async def test_a_token_is_shown_once(client: httpx.AsyncClient, database: Database) -> None:
    created = await make_token(client, "read", "write", expires_at="2028-01-01T00:00:00Z")
    token = created.pop("token")

    assert token.startswith(created["start"])
    assert created["start"].startswith("todo_")
    assert await listed(client) == [created]
    assert (created["scopes"], created["last_used_at"]) == (["read", "write"], None)
    async with database.read() as session:
        rows = await (await session.connection()).run_sync(all_rows, Base.metadata)
    assert token not in str(rows)


async def test_an_idempotency_key_does_not_keep_the_token(
    client: httpx.AsyncClient, database: Database
) -> None:
    new = {"name": "Script", "scopes": ["read"]}
    answers = [await client.post("/api/tokens", json=new, headers={"Idempotency-Key": "1"}) for _ in range(2)]

    assert answers[0].json()["token"] != answers[1].json()["token"]
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(IdempotencyKey)) == 0


async def test_a_program_acts_as_its_user(
    client: httpx.AsyncClient, stranger: httpx.AsyncClient, deliveries: Deliveries
) -> None:
    program = await script(client, "read", "write")

    created = await stranger.post("/api/tasks", json={"title": "By a program"}, headers=program)
    await deliveries.settle()

    assert created.status_code == 201
    assert (await client.get(f"/api/tasks/{created.json()['id']}")).status_code == 200
    [entry] = (await client.get("/api/activity-logs")).json()["items"]
    assert entry["actor"] == "user"


async def test_read_scope_changes_nothing(client: httpx.AsyncClient, api: FastAPI) -> None:
    program = await script(client, "read")

    for operation in operations(api):
        if operation.needs_token and operation.verb != "GET" and str(operation) not in CHANGING_NOTHING:
            request = operation.request(nobodys_row)
            request.headers.update(program)
            answer = await client.send(request)

            assert answer.status_code == HTTPStatus.FORBIDDEN, f"{operation}: {answer.text}"
            assert answer.json()["code"] in {"missing-scope", "log-in-needed"}


async def test_a_missing_scope_is_named(client: httpx.AsyncClient) -> None:
    reader, writer = await script(client, "read"), await script(client, "write")

    writing = await client.post("/api/tasks", json={"title": "x"}, headers=reader)
    reading = await client.get("/api/tasks", headers=writer)

    assert [answer.json()["detail"] for answer in (writing, reading)] == [
        "The API token has the scope read, and this needs write; use a token with that scope.",
        "The API token has the scope write, and this needs read; use a token with that scope.",
    ]


@pytest.mark.parametrize(
    ("verb", "path", "body"),
    [
        ("GET", "/api/tokens", None),
        ("POST", "/api/tokens", {"name": "More", "scopes": ["read"]}),
        ("DELETE", f"/api/tokens/{UUID(int=0)}", None),
        ("GET", "/api/sessions", None),
        ("DELETE", "/api/sessions", None),
        ("POST", "/api/auth/logout", None),
        ("PUT", "/api/me/password", {"current_password": "correct horse", "new_password": "battery staple"}),
        ("DELETE", "/api/me", None),
    ],
)
async def test_the_account_is_managed_by_its_person_only(
    client: httpx.AsyncClient, verb: str, path: str, body: Json | None
) -> None:
    program = await script(client, "read", "write")

    answer = await client.request(verb, path, json=body, headers=program)

    assert (answer.status_code, answer.json()["code"]) == (403, "log-in-needed")
    assert len(await listed(client)) == 1


async def test_a_deleted_token_stops_at_once(client: httpx.AsyncClient) -> None:
    created = await make_token(client, "read")
    program = {"Authorization": f"Bearer {created['token']}"}
    assert (await client.get("/api/tasks", headers=program)).status_code == 200

    assert (await client.delete(f"/api/tokens/{created['id']}")).status_code == 204

    answer = await client.get("/api/tasks", headers=program)
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid-api-token")
    assert (await client.delete(f"/api/tokens/{created['id']}")).json()["code"] == "token-not-found"


async def test_somebody_elses_token_is_not_found(
    client: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    theirs = await make_token(stranger, "read")

    assert (await client.delete(f"/api/tokens/{theirs['id']}")).status_code == 404
    assert len(await listed(stranger)) == 1


async def test_a_token_expires(client: httpx.AsyncClient, clock: Clock) -> None:
    program = await script(client, "read", expires_at="2027-03-03T08:00:02Z")
    assert (await client.get("/api/tasks", headers=program)).status_code == 200

    clock.advance(seconds=2)

    answers = [await client.get("/api/tasks", headers=program) for _ in range(2)]
    assert [each.json()["detail"] for each in answers] == [
        "The API token has expired; log in and create another one by /api/tokens."
    ] * 2


async def test_the_last_use_is_saved_every_few_minutes(client: httpx.AsyncClient, clock: Clock) -> None:
    program = await script(client, "read")
    noted = []
    for minutes in (0, 4, 1):
        clock.advance(minutes=minutes)
        await client.get("/api/tasks", headers=program)
        noted.append((await listed(client))[0]["last_used_at"])

    assert noted == ["2027-03-03T08:00:00Z", "2027-03-03T08:00:00Z", "2027-03-03T08:05:00Z"]


async def test_the_feed_of_tokens_does_not_contain_the_token(client: httpx.AsyncClient) -> None:
    created = await make_token(client, "read")
    token = created.pop("token")
    await client.delete(f"/api/tokens/{created['id']}")

    feed = await client.get("/api/sync", params={"since": 0})

    told = [
        (each["entity"], each["action"], each["value"])
        for each in feed.json()["changes"]
        if each["entity"] == "token"
    ]
    assert told == [("token", "created", created), ("token", "deleted", None)]
    assert token not in feed.text


async def test_a_websocket_takes_a_token_that_may_read(client: httpx.AsyncClient, api: FastAPI) -> None:
    reader, writer = await make_token(client, "read"), await make_token(client, "write")
    async with serving(api) as server:
        address = f"ws://{server.address}/api/ws"
        async with connect(address, subprotocols=_bearer(reader)) as socket:
            assert '"ready"' in str(await socket.recv())
            await client.delete(f"/api/tokens/{reader['id']}")
            await socket.wait_closed()
        assert socket.close_code == 4401
        async with connect(address, subprotocols=_bearer(writer)) as socket:
            await socket.wait_closed()
        assert socket.close_code == 4403


async def test_a_program_hears_nothing_of_tokens_and_sessions(
    client: httpx.AsyncClient, api: FastAPI
) -> None:
    """By none of the ways to read: sync, WebSocket, export, or what the person is told of."""
    reader = await make_token(client, "read", name="For the scale")
    program = {"Authorization": f"Bearer {reader['token']}"}
    other = await make_token(client, "write", name="Other script")
    email = (await client.get("/api/me")).json()["email"]
    phone = {"User-Agent": "Phone of Ada"}
    await client.post("/api/auth/login", json={"email": email, "password": "correct horse"}, headers=phone)
    await client.delete(f"/api/tokens/{other['id']}")
    await client.post("/api/tasks", json={"title": "Seen"})

    pages = [await client.get("/api/sync", params={"since": 0, "limit": 1}, headers=program)]
    while pages[-1].json()["more"]:
        since = pages[-1].json()["seq"]
        pages.append(await client.get("/api/sync", params={"since": since, "limit": 1}, headers=program))
    async with (
        serving(api) as server,
        connect(f"ws://{server.address}/api/ws?since=0", subprotocols=_bearer(reader)) as socket,
    ):
        heard = [str(await socket.recv())]
        while '"task"' not in heard[-1]:
            heard.append(str(await socket.recv()))
    read = {
        "sync": "".join(page.text for page in pages),
        "WebSocket": "".join(heard),
        "export": (await client.get("/api/me/export", headers=program)).text,
        "notifications": (await client.get("/api/notifications", headers=program)).text,
    }

    secrets = ("For the scale", "Other script", reader["start"], other["start"], "Phone of Ada", reader["id"])
    for way, text in read.items():
        assert [secret for secret in secrets if secret in text] == [], way
        assert '"session"' not in text, way
    assert "Seen" in read["sync"]
    assert "Seen" in read["WebSocket"]
    assert pages[-1].json()["seq"] == (await client.get("/api/sync")).json()["seq"]
    own = (await client.get("/api/sync", params={"since": 0})).text
    assert "Phone of Ada" in own
    assert "Other script" in own


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"scopes": []}, "/scopes"),
        ({"scopes": ["admin"]}, "/scopes/0"),
        ({"name": ""}, "/name"),
        ({"expires_at": "2027-03-03T08:00:00Z"}, "/expires_at"),
        ({"user_id": "1"}, "/user_id"),
    ],
)
async def test_an_invalid_token_request_is_refused(
    client_on_one_database: httpx.AsyncClient, changed: Json, pointer: str
) -> None:
    answer = await client_on_one_database.post(
        "/api/tokens", json={"name": "Script", "scopes": ["read"]} | changed
    )

    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json()["errors"]] == [pointer]
    assert await listed(client_on_one_database) == []


async def test_the_number_of_tokens_is_limited(client: httpx.AsyncClient) -> None:
    for _ in range(100):
        await make_token(client, "read")

    answer = await client.post("/api/tokens", json={"name": "One more", "scopes": ["read"]})

    assert (answer.status_code, answer.json()["code"]) == (409, "quota-exceeded")


@pytest.mark.parametrize("token", ["todo_", "todo_1f0c9a", "todo_" + "0" * 64])
async def test_an_unknown_token_is_refused(client: httpx.AsyncClient, token: str) -> None:
    answer = await client.get("/api/tasks", headers={"Authorization": f"Bearer {token}"})

    assert (answer.status_code, answer.json()["code"]) == (401, "invalid-api-token")
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def _bearer(created: Json) -> list[Subprotocol]:
    return [Subprotocol("todoapp.v1"), Subprotocol(f"bearer.{created['token']}")]
