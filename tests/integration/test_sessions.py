"""Where a user is logged in, and how that ends."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from websockets import Subprotocol
from websockets.asyncio.client import connect

from testbed.app.application import Clock, calling
from testbed.app.deliveries import Deliveries
from testbed.app.server import serving

Json = dict[str, Any]

PASSWORD = "correct horse"


async def log_in(
    client: httpx.AsyncClient, *, password: str = PASSWORD, device: str = "phone"
) -> httpx.Response:
    """Log the client's user in on another device."""
    email = (await client.get("/api/me")).json()["email"]
    credentials = {"email": email, "password": password}
    return await client.post("/api/auth/login", json=credentials, headers={"User-Agent": device})


async def phone(client: httpx.AsyncClient) -> Json:
    """The headers of a second session of the client's user."""
    answer = await log_in(client)
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


async def sessions(client: httpx.AsyncClient) -> list[Json]:
    items: list[Json] = (await client.get("/api/sessions")).json()["items"]
    return items


async def test_sessions_are_listed_with_device_and_times(client: httpx.AsyncClient, clock: Clock) -> None:
    clock.advance(hours=1)
    await phone(client)

    newest, first = await sessions(client)

    assert (newest["user_agent"], newest["current"]) == ("phone", False)
    assert (newest["created_at"], newest["last_used_at"]) == ("2027-03-03T09:00:00Z", "2027-03-03T09:00:00Z")
    assert (first["created_at"], first["current"]) == ("2027-03-03T08:00:00Z", True)


async def test_other_clients_hear_of_a_log_in(client: httpx.AsyncClient) -> None:
    await phone(client)

    [change] = (await client.get("/api/sync", params={"since": 0})).json()["changes"]

    assert (change["entity"], change["action"], change["value"]["user_agent"]) == (
        "session",
        "created",
        "phone",
    )


async def test_the_access_token_of_an_ended_session_stops_at_once(client: httpx.AsyncClient) -> None:
    lost = await phone(client)
    assert (await client.get("/api/tasks", headers=lost)).status_code == 200
    [session] = [each for each in await sessions(client) if not each["current"]]

    assert (await client.delete(f"/api/sessions/{session['id']}")).status_code == 204

    for answer in (
        await client.get("/api/tasks", headers=lost),
        await client.post("/api/tasks", json={"title": "x"}, headers=lost),
    ):
        assert (answer.status_code, answer.json()["code"]) == (401, "session-ended")
    assert [each["current"] for each in await sessions(client)] == [True]


async def test_logging_out_stops_the_access_token_too(client: httpx.AsyncClient) -> None:
    there = await phone(client)

    assert (await client.post("/api/auth/logout", headers=there)).status_code == 204

    assert (await client.get("/api/me", headers=there)).status_code == 401
    assert (await client.get("/api/me")).status_code == 200


async def test_all_other_sessions_end_together(client: httpx.AsyncClient) -> None:
    others = [await phone(client) for _ in range(3)]

    assert (await client.delete("/api/sessions")).status_code == 204

    assert [(await client.get("/api/me", headers=each)).status_code for each in others] == [401] * 3
    assert len(await sessions(client)) == 1


async def test_another_process_learns_that_a_session_ended(
    client: httpx.AsyncClient, deliveries: Deliveries
) -> None:
    lost = await phone(client)
    async with calling(deliveries.api) as replica:
        assert (await replica.get("/api/tasks", headers=lost)).status_code == 200
        await client.delete("/api/sessions")

        for envelope in await deliveries.published():
            await deliveries.deliver(envelope)

        assert (await replica.get("/api/tasks", headers=lost)).status_code == 401


async def test_another_process_learns_it_without_a_broker(
    client: httpx.AsyncClient, deliveries: Deliveries, clock: Clock
) -> None:
    lost = await phone(client)
    async with calling(deliveries.api) as replica:
        assert (await replica.get("/api/tasks", headers=lost)).status_code == 200
        await client.delete("/api/sessions")

        clock.advance(seconds=5)

        assert (await replica.get("/api/tasks", headers=lost)).status_code == 401


async def test_a_websocket_closes_with_its_session(client: httpx.AsyncClient, api: FastAPI) -> None:
    lost = (await phone(client))["Authorization"].removeprefix("Bearer ")
    protocols = [Subprotocol("todoapp.v1"), Subprotocol(f"bearer.{lost}")]
    async with (
        serving(api) as server,
        connect(f"ws://{server.address}/api/ws", subprotocols=protocols) as socket,
    ):
        await socket.recv()
        await client.delete("/api/sessions")

        await socket.wait_closed()

    assert (socket.close_code, socket.close_reason) == (
        4401,
        "The session of this access token was ended; log in again.",
    )


async def test_a_stolen_refresh_token_revokes_its_sessions_access_tokens(
    client: httpx.AsyncClient, clock: Clock
) -> None:
    stolen = (await log_in(client)).json()
    token = {"refresh_token": stolen["refresh_token"]}
    owners = (await client.post("/api/auth/refresh", json=token)).json()
    headers = {"Authorization": f"Bearer {owners['access_token']}"}
    assert (await client.get("/api/me", headers=headers)).status_code == 200
    clock.advance(minutes=1)

    assert (await client.post("/api/auth/refresh", json=token)).status_code == 401

    assert (await client.get("/api/me", headers=headers)).json()["code"] == "session-ended"


async def test_somebody_elses_session_is_not_found(
    client: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    [theirs] = await sessions(stranger)

    answer = await client.delete(f"/api/sessions/{theirs['id']}")

    assert (answer.status_code, answer.json()["code"]) == (404, "session-not-found")
    assert len(await sessions(stranger)) == 1


async def test_a_new_password_ends_the_other_sessions(client: httpx.AsyncClient) -> None:
    other = await phone(client)
    change = {"current_password": PASSWORD, "new_password": "battery staple"}

    answer = await client.put("/api/me/password", json=change)

    assert (answer.status_code, answer.content) == (204, b"")
    assert (await client.get("/api/me", headers=other)).status_code == 401
    assert (await client.get("/api/me")).status_code == 200
    assert (await log_in(client, password=PASSWORD)).status_code == 401
    assert (await log_in(client, password="battery staple")).status_code == 200


@pytest.mark.parametrize(
    ("current", "new", "status"),
    [("wrong horse", "battery staple", 403), (PASSWORD, "seven 7", 422), (PASSWORD, "x" * 129, 422)],
)
async def test_a_refused_new_password_leaves_the_old_one(
    client: httpx.AsyncClient, current: str, new: str, status: int
) -> None:
    other = await phone(client)

    answer = await client.put("/api/me/password", json={"current_password": current, "new_password": new})

    assert answer.status_code == status
    assert new not in answer.text
    assert (await client.get("/api/me", headers=other)).status_code == 200
    assert (await log_in(client)).status_code == 200


async def test_guessing_the_current_password_is_limited(client: httpx.AsyncClient, api: FastAPI) -> None:
    guess = {"current_password": "wrong horse", "new_password": "battery staple"}
    answers = [await client.put("/api/me/password", json=guess) for _ in range(21)]

    assert [each.status_code for each in answers] == [403] * 20 + [429]


async def test_a_deleted_account_cannot_log_in(client: httpx.AsyncClient, api: FastAPI) -> None:
    email = (await client.get("/api/me")).json()["email"]
    await client.delete("/api/me")

    async with calling(api) as anybody:
        answer = await anybody.post("/api/auth/login", json={"email": email, "password": PASSWORD})

    assert (answer.status_code, answer.json()["code"]) == (401, "wrong-credentials")
