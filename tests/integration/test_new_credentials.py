"""New ways into an account: who may make one, who is told, for how long it lasts, how all of them end."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from testbed.app.application import Clock, calling
from testbed.app.outgoing import Outgoing
from testbed.sidecar.recording_app import RecordingApp

Json = dict[str, Any]
Act = Callable[[httpx.AsyncClient], Awaitable[httpx.Response]]

PASSWORD = "correct horse"
HOOK = {"url": "https://example.com/hook", "event_types": ["task.created"]}
CHANNEL = {"name": "Phone", "url": "ntfys://ntfy.sh/topic"}


async def first(client: httpx.AsyncClient, path: str) -> str:
    """The path of the first of the user's rows."""
    return f"{path}/{(await client.get(path)).json()['items'][0]['id']}"


async def make_token(client: httpx.AsyncClient) -> httpx.Response:
    return await client.post("/api/tokens", json={"name": "Script", "scopes": ["read", "write"]})


async def make_calendar_url(client: httpx.AsyncClient) -> httpx.Response:
    return await client.post("/api/me/calendar")


async def make_webhook(client: httpx.AsyncClient) -> httpx.Response:
    return await client.post("/api/webhooks", json=HOOK)


async def lead_webhook_elsewhere(client: httpx.AsyncClient) -> httpx.Response:
    webhook = await first(client, "/api/webhooks")
    return await client.patch(webhook, json={"url": "https://thief.example.com/"})


async def rotate_secret(client: httpx.AsyncClient) -> httpx.Response:
    return await client.post(f"{await first(client, '/api/webhooks')}/rotate-secret")


async def make_channel(client: httpx.AsyncClient) -> httpx.Response:
    return await client.post("/api/channels", json=CHANNEL)


async def replace_channel(client: httpx.AsyncClient) -> httpx.Response:
    return await client.put(await first(client, "/api/channels"), json=CHANNEL)


async def lead_channel_elsewhere(client: httpx.AsyncClient) -> httpx.Response:
    channel = await first(client, "/api/channels")
    return await client.patch(channel, json={"url": "ntfys://ntfy.sh/thief"})


MAKING: dict[Act, str] = {
    make_token: "An API token was made.",
    make_calendar_url: "A URL was made at which your calendar can be read.",
    make_webhook: "A webhook was made.",
    lead_webhook_elsewhere: "A webhook got another URL.",
    rotate_secret: "A webhook got another secret.",
    make_channel: "A channel was made.",
    replace_channel: "A channel got another URL.",
    lead_channel_elsewhere: "A channel got another URL.",
}


@pytest.fixture
async def owner(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """A user with a credential of each kind, and a program's token in `X-Token`."""
    client.headers["X-Token"] = (await make_token(client)).json()["token"]
    for act in (make_calendar_url, make_webhook, make_channel):
        assert (await act(client)).is_success
    return client


async def counts(owner: httpx.AsyncClient) -> Json:
    listed = {
        kind: len((await owner.get(f"/api/{kind}")).json()["items"])
        for kind in ("tokens", "webhooks", "channels")
    }
    return listed | {"calendar": (await owner.get("/api/me/calendar")).json()["created_at"] is not None}


@pytest.mark.parametrize("act", MAKING, ids=lambda act: act.__name__)
async def test_making_a_credential_needs_a_recent_log_in(
    owner: httpx.AsyncClient, clock: Clock, act: Act
) -> None:
    before = await counts(owner)
    clock.advance(minutes=5, seconds=1)

    refused = await act(owner)

    assert (refused.status_code, refused.json()["code"]) == (403, "log-in-again")
    assert await counts(owner) == before


@pytest.mark.parametrize("act", MAKING, ids=lambda act: act.__name__)
async def test_no_program_makes_a_credential(owner: httpx.AsyncClient, api: FastAPI, act: Act) -> None:
    async with calling(api) as program:
        program.headers["Authorization"] = f"Bearer {owner.headers['X-Token']}"
        refused = await act(program)

    assert (refused.status_code, refused.json()["code"]) == (403, "log-in-needed")


@pytest.mark.parametrize(("act", "sentence"), MAKING.items(), ids=lambda each: getattr(each, "__name__", ""))
async def test_the_person_is_told_of_a_credential(owner: httpx.AsyncClient, act: Act, sentence: str) -> None:
    await owner.post("/api/notifications/read-all")

    assert (await act(owner)).is_success

    [told] = (await owner.get("/api/notifications", params={"unread": True})).json()["items"]
    assert told["kind"] == "credential"
    assert told["message"].startswith(sentence)


async def test_channels_tell_of_a_credential_too(
    client: httpx.AsyncClient, outgoing: Outgoing, receiver: RecordingApp
) -> None:
    url = f"json://127.0.0.1:{receiver.port}/phone"
    await client.post("/api/channels", json={"name": "Phone", "url": url})
    await make_token(client)

    await outgoing.send_due()

    assert len(receiver.calls("/phone", mentioning="An API token was made.")) == 1


async def test_what_leads_nowhere_else_needs_no_log_in(owner: httpx.AsyncClient, clock: Clock) -> None:
    clock.advance(hours=1)

    answers = [
        await owner.patch(await first(owner, "/api/webhooks"), json={**HOOK, "enabled": False}),
        await owner.patch(await first(owner, "/api/channels"), json={"name": "Old phone"}),
        await owner.delete(await first(owner, "/api/webhooks")),
        await owner.delete("/api/me/calendar"),
    ]

    assert [each.status_code for each in answers] == [200, 200, 204, 204]


@pytest.mark.parametrize(
    ("asked", "expires_at"),
    [
        ({}, "2027-06-01T08:00:00Z"),
        ({"expires_at": None}, None),
        ({"expires_at": "2030-01-01T00:00:00Z"}, "2030-01-01T00:00:00Z"),
    ],
)
async def test_a_token_ends_after_ninety_days_unless_asked_otherwise(
    client: httpx.AsyncClient, asked: Json, expires_at: str | None
) -> None:
    created = await client.post("/api/tokens", json={"name": "Script", "scopes": ["read"]} | asked)

    assert created.json()["expires_at"] == expires_at


async def end_with_sessions(owner: httpx.AsyncClient, kinds: list[str]) -> httpx.Response:
    return await owner.delete("/api/sessions", params={"also_end": kinds})


async def end_with_password(owner: httpx.AsyncClient, kinds: list[str]) -> httpx.Response:
    change = {"current_password": PASSWORD, "new_password": "battery staple", "also_end": kinds}
    return await owner.put("/api/me/password", json=change)


@pytest.mark.parametrize("end", [end_with_sessions, end_with_password])
async def test_all_credentials_end_if_wished(
    owner: httpx.AsyncClient, end: Callable[[httpx.AsyncClient, list[str]], Awaitable[httpx.Response]]
) -> None:
    program = {"Authorization": f"Bearer {owner.headers['X-Token']}"}
    assert await counts(owner) == {"tokens": 1, "webhooks": 1, "channels": 1, "calendar": True}

    answer = await end(owner, ["tokens", "calendar", "webhooks", "channels"])

    assert answer.status_code == 204
    assert await counts(owner) == {"tokens": 0, "webhooks": 0, "channels": 0, "calendar": False}
    assert (await owner.get("/api/tasks", headers=program)).status_code == 401
    assert (await owner.get("/api/me")).status_code == 200


async def test_one_kind_of_credential_ends_alone(owner: httpx.AsyncClient) -> None:
    await end_with_password(owner, ["webhooks"])

    assert await counts(owner) == {"tokens": 1, "webhooks": 0, "channels": 1, "calendar": True}


async def test_a_refused_password_change_ends_nothing(owner: httpx.AsyncClient) -> None:
    change = {"current_password": "wrong", "new_password": "battery staple", "also_end": ["tokens"]}

    assert (await owner.put("/api/me/password", json=change)).status_code == 403
    assert (await counts(owner))["tokens"] == 1
