"""Notifications: what people are told, and what they have read."""

from typing import Any

import httpx
import pytest

from testbed.app.application import Clock
from testbed.app.deliveries import Deliveries
from todoapp.processes.notification.sweep import sweep

Json = dict[str, Any]


@pytest.fixture
async def told(client: httpx.AsyncClient, clock: Clock, deliveries: Deliveries) -> list[Json]:
    """Three notifications of the client's, newest first."""
    for title in ("first", "second", "third"):
        await client.post(
            "/api/tasks", json={"title": title, "reminders": [{"remind_at": clock.now.isoformat()}]}
        )
        clock.advance(minutes=1)
        await sweep(deliveries.runtimes["notification"])
    return await notifications(client)


async def notifications(client: httpx.AsyncClient, **parameters: Any) -> list[Json]:
    items: list[Json] = (await client.get("/api/notifications", params=parameters)).json()["items"]
    return items


async def test_the_newest_comes_first_page_by_page(client: httpx.AsyncClient, told: list[Json]) -> None:
    first = (await client.get("/api/notifications", params={"limit": 2})).json()
    cursor = first["next_cursor"]
    second = (await client.get("/api/notifications", params={"limit": 2, "cursor": cursor})).json()

    assert [each["message"] for each in first["items"] + second["items"]] == ["third", "second", "first"]
    assert second["next_cursor"] is None


async def test_reading_one_leaves_the_others_unread(client: httpx.AsyncClient, told: list[Json]) -> None:
    answer = await client.post(f"/api/notifications/{told[1]['id']}/read")
    again = await client.post(f"/api/notifications/{told[1]['id']}/read")

    assert answer.json()["read_at"] == "2027-03-03T08:03:00Z"
    assert again.json() == answer.json()
    assert [each["message"] for each in await notifications(client, unread=True)] == ["third", "first"]
    assert [each["message"] for each in await notifications(client, unread=False)] == ["second"]


async def test_reading_all_is_announced_once_for_each(client: httpx.AsyncClient, told: list[Json]) -> None:
    before = (await client.get("/api/sync")).json()["seq"]

    answers = [(await client.post("/api/notifications/read-all")).json() for _ in range(2)]

    changes = (await client.get("/api/sync", params={"since": before})).json()["changes"]
    assert answers == [{"marked": 3}, {"marked": 0}]
    assert [(each["entity"], each["action"], each["id"]) for each in changes] == [
        ("notification", "updated", each["id"]) for each in reversed(told)
    ]


async def test_a_notification_outlives_its_task(client: httpx.AsyncClient, told: list[Json]) -> None:
    await client.delete(f"/api/tasks/{told[0]['task_id']}")

    [newest, *_] = await notifications(client)

    assert (newest["message"], newest["task_id"]) == ("third", told[0]["task_id"])


async def test_a_user_marks_only_their_own_notifications_read(
    client: httpx.AsyncClient, stranger: httpx.AsyncClient, told: list[Json]
) -> None:
    answer = await stranger.post(f"/api/notifications/{told[0]['id']}/read")
    await stranger.post("/api/notifications/read-all")

    assert (answer.status_code, answer.json()["code"]) == (404, "notification-not-found")
    assert len(await notifications(client, unread=True)) == 3
