"""The activity log: what happened to tasks, as their owner looks it up."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from testbed.app.application import Clock
from testbed.app.deliveries import Deliveries

Json = dict[str, Any]


@pytest.fixture
async def task(client: httpx.AsyncClient, clock: Clock, deliveries: Deliveries) -> Json:
    """A task that was renamed a minute after it was made, and completed another minute later."""
    made: Json = (await client.post("/api/tasks", json={"title": "Buy milk"})).json()
    clock.advance(minutes=1)
    await client.patch(f"/api/tasks/{made['id']}", json={"title": "Buy oat milk"})
    clock.advance(minutes=1)
    await client.post(f"/api/tasks/{made['id']}/complete")
    await client.post("/api/tasks", json={"title": "Another one"})
    await deliveries.settle()
    return made


async def entries(client: httpx.AsyncClient, path: str = "/api/activity-logs", **query: Any) -> list[Json]:
    answer = await client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    items: list[Json] = answer.json()["items"]
    return items


def types(found: list[Json]) -> list[str]:
    return [each["event_type"] for each in found]


async def test_the_log_shows_who_changed_what(client: httpx.AsyncClient, task: Json) -> None:
    [renamed] = await entries(client, event_type="task.updated")

    assert (renamed["task_id"], renamed["actor"]) == (task["id"], "user")
    assert renamed["occurred_at"] == "2027-03-03T08:01:00Z"
    assert renamed["changes"] == {"title": ["Buy milk", "Buy oat milk"]}
    assert renamed["snapshot"]["title"] == "Buy oat milk"


async def test_filters_narrow_the_log(client: httpx.AsyncClient, task: Json) -> None:
    assert types(await entries(client)) == ["task.created", "task.completed", "task.updated", "task.created"]
    assert types(await entries(client, task_id=task["id"])) == [
        "task.completed",
        "task.updated",
        "task.created",
    ]
    assert types(await entries(client, occurred_before="2027-03-03T08:01:00Z")) == ["task.created"]
    assert types(
        await entries(
            client, occurred_after="2027-03-03T08:01:00Z", event_type=["task.updated", "task.completed"]
        )
    ) == ["task.completed", "task.updated"]


async def test_the_log_has_pages_by_cursor_and_by_offset(client: httpx.AsyncClient, task: Json) -> None:
    everything = await entries(client)

    page = (await client.get("/api/activity-logs", params={"limit": 3})).json()
    rest = await entries(client, limit=3, cursor=page["next_cursor"])
    both = await client.get("/api/activity-logs", params={"offset": 1, "cursor": page["next_cursor"]})

    assert page["items"] + rest == everything
    assert await entries(client, limit=2, offset=1) == everything[1:3]
    assert both.status_code == 422


async def test_the_audit_path_returns_the_same_log(client: httpx.AsyncClient, task: Json) -> None:
    assert await entries(client, "/api/events/audit") == await entries(client)


async def test_an_unknown_event_type_gets_the_known_ones(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/activity-logs", params={"event_type": "task.finished"})

    assert answer.status_code == 422
    assert "task.completed" in answer.json()["detail"]


async def test_a_deleted_task_keeps_its_history(
    client: httpx.AsyncClient, task: Json, deliveries: Deliveries
) -> None:
    await client.delete(f"/api/tasks/{task['id']}")
    await deliveries.settle()

    history = await entries(client, f"/api/tasks/{task['id']}/history")

    assert types(history) == ["task.deleted", "task.completed", "task.updated", "task.created"]
    assert history[0]["snapshot"]["title"] == "Buy oat milk"


async def test_a_task_without_a_past_has_an_empty_history(client: httpx.AsyncClient) -> None:
    fresh = (await client.post("/api/tasks", json={"title": "Just made"})).json()

    assert await entries(client, f"/api/tasks/{fresh['id']}/history") == []
    assert (await client.get(f"/api/tasks/{uuid4()}/history")).status_code == 404


async def test_a_user_sees_only_their_own_log(
    client: httpx.AsyncClient, stranger: httpx.AsyncClient, task: Json
) -> None:
    assert await entries(stranger) == []
    assert (await stranger.get(f"/api/tasks/{task['id']}/history")).status_code == 404


async def test_every_entry_is_announced_to_consumers_outside(
    client: httpx.AsyncClient, task: Json, deliveries: Deliveries
) -> None:
    logged = [each["data"] for each in await deliveries.published() if each["type"] == "activity.logged"]

    assert [each["activity_id"] for each in logged] == [
        each["id"] for each in reversed(await entries(client))
    ]
