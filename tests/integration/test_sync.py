"""Sync: `since=N` is the whole protocol."""

import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from testbed.app.application import Clock
from testbed.app.deliveries import Deliveries
from todoapp.kit.database import col
from todoapp.messaging.outbox import OutboxEvent
from todoapp.processes.runtime import Runtime

Json = dict[str, Any]


async def synced(client: httpx.AsyncClient, **query: Any) -> Json:
    answer = await client.get("/api/sync", params=query)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def test_without_a_number_the_answer_is_the_newest(client: httpx.AsyncClient) -> None:
    await client.post("/api/tasks", json={"title": "Buy milk"})

    found = await synced(client)

    assert found == {"changes": [], "seq": (await synced(client, since=0))["seq"], "more": False}


async def test_changes_carry_what_a_client_shows(client: httpx.AsyncClient) -> None:
    start = (await synced(client))["seq"]
    task = (await client.post("/api/tasks", json={"title": "Buy milk", "tags": ["shop"]})).json()
    await client.delete(f"/api/tasks/{task['id']}")

    changes = (await synced(client, since=start))["changes"]

    assert [(each["entity"], each["action"]) for each in changes] == [
        ("tag", "created"),
        ("task", "created"),
        ("task", "deleted"),
    ]
    assert [each["seq"] for each in changes] == [start + 1, start + 2, start + 3]
    assert changes[1]["value"]["title"] == "Buy milk"
    assert (changes[2]["id"], changes[2]["value"]) == (task["id"], None)


async def test_pages_lead_to_the_end(client: httpx.AsyncClient) -> None:
    for number in range(5):
        await client.post("/api/tasks", json={"title": f"Task {number}"})

    pages = [await synced(client, since=0, limit=2)]
    while pages[-1]["more"]:
        pages.append(await synced(client, since=pages[-1]["seq"], limit=2))

    numbers = [each["seq"] for page in pages for each in page["changes"]]
    assert numbers == list(range(1, numbers[-1] + 1))
    assert pages[-1]["seq"] == (await synced(client))["seq"]


async def test_concurrent_writes_leave_no_gap(client: httpx.AsyncClient) -> None:
    await asyncio.gather(*(client.post("/api/tasks", json={"title": f"Task {n}"}) for n in range(12)))

    changes = (await synced(client, since=0))["changes"]

    assert [each["seq"] for each in changes] == list(range(1, 13))
    assert {each["value"]["title"] for each in changes} == {f"Task {n}" for n in range(12)}


async def test_the_feed_forgets_what_is_old_and_published(
    client: httpx.AsyncClient, runtime: Runtime, clock: Clock, deliveries: Deliveries
) -> None:
    for number in range(4):
        await client.post("/api/tasks", json={"title": f"Task {number}"})
    published = update(OutboxEvent).where(col(OutboxEvent.user_seq) <= 2).values(published_at=clock.now)
    async with runtime.database.write() as session:
        await session.execute(published)

    clock.advance(days=8)
    await deliveries.retain("outbox")

    expired = await client.get("/api/sync", params={"since": 1})
    assert (expired.status_code, expired.json()["code"]) == (410, "feed-expired")
    assert [each["seq"] for each in (await synced(client, since=2))["changes"]] == [3, 4]


async def test_number_above_the_newest_is_refused(client: httpx.AsyncClient) -> None:
    """The database was set back to a backup: to go on from there would leave changes out."""
    answer = await client.get("/api/sync", params={"since": 1000})

    assert (answer.status_code, answer.json()["code"]) == (410, "feed-ahead")


@pytest.mark.parametrize("query", [{"since": "-1"}, {"since": "now"}, {"limit": "0"}, {"from": "1"}])
async def test_a_malformed_number_is_refused(
    client_on_one_database: httpx.AsyncClient, query: dict[str, str]
) -> None:
    answer = await client_on_one_database.get("/api/sync", params=query)

    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json()["errors"]] == [f"#/query/{next(iter(query))}"]


async def test_everybody_has_their_own_feed(client: httpx.AsyncClient, stranger: httpx.AsyncClient) -> None:
    await client.post("/api/tasks", json={"title": "Buy milk"})

    assert (await synced(stranger, since=0))["changes"] == []
