"""A clock that is set back breaks nothing: orders and numbers stay, and what was done is not done again."""

import httpx
import pytest
from fastapi import FastAPI

from testbed.app.application import Clock, calling
from testbed.app.deliveries import Deliveries
from todoapp.messaging.feed import Change
from todoapp.processes.notification.sweep import sweep

BACK = 2  # hours
ADA = {"email": "ada@example.com", "password": "correct horse"}


async def add(client: httpx.AsyncClient, title: str, **fields: object) -> dict[str, object]:
    answer = await client.post("/api/tasks", json={"title": title, **fields})
    assert answer.status_code == 201, answer.text
    task: dict[str, object] = answer.json()
    return task


async def test_tokens_from_the_future_are_good(api: FastAPI, clock: Clock) -> None:
    async with calling(api) as ada:
        tokens = (await ada.post("/api/auth/signup", json=ADA)).json()
        ada.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        clock.advance(hours=-BACK)

        assert (await ada.get("/api/me")).status_code == 200
        refreshed = await ada.post("/api/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
        ada.headers["Authorization"] = f"Bearer {refreshed.json()['access_token']}"
        assert (await ada.get("/api/me")).status_code == 200
        assert (await ada.post("/api/auth/logout")).status_code == 204
        assert (await ada.get("/api/me")).status_code == 401


async def test_changes_keep_their_order_and_their_numbers(client: httpx.AsyncClient, clock: Clock) -> None:
    task = await add(client, "Before")
    clock.advance(hours=-BACK)
    patched = (await client.patch(f"/api/tasks/{task['id']}", json={"title": "Afterwards"})).json()
    await client.post(f"/api/tasks/{task['id']}/complete")

    feed = (await client.get("/api/sync", params={"since": 0})).json()["changes"]
    changes = [Change.model_validate(change) for change in feed]
    assert patched["version"] == 2
    assert [change.seq for change in changes] == list(range(1, len(changes) + 1))
    assert [change.value["title"] for change in changes if change.value] == ["Before", *["Afterwards"] * 2]


@pytest.mark.parametrize("sort_by", ["created_at", "updated_at"])
async def test_pages_hold_every_task_once(client: httpx.AsyncClient, clock: Clock, sort_by: str) -> None:
    for number in range(6):
        await add(client, f"Task {number}")
        clock.advance(hours=-BACK if number == 2 else 1)

    titles: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await client.get("/api/tasks", params={"limit": 1, "sort_by": sort_by, **cursor})).json()
        titles += [task["title"] for task in page["items"]]
        clock.advance(minutes=-BACK)
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}

    assert sorted(titles) == [f"Task {number}" for number in range(6)]


async def test_a_repeated_request_is_not_done_again(client: httpx.AsyncClient, clock: Clock) -> None:
    key = {"Idempotency-Key": "1"}
    first = await client.post("/api/tasks", json={"title": "Once"}, headers=key)
    clock.advance(hours=-BACK)

    again = await client.post("/api/tasks", json={"title": "Once"}, headers=key)

    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == first.json()


async def test_a_reminder_that_fired_does_not_fire_again(
    client: httpx.AsyncClient, clock: Clock, deliveries: Deliveries
) -> None:
    past = clock.now.isoformat()
    await add(client, "Now", reminders=[{"remind_at": past}])
    clock.advance(hours=1)
    await sweep(deliveries.runtimes["notification"])
    clock.advance(hours=-BACK)
    await add(client, "Later", reminders=[{"remind_at": past}])

    await sweep(deliveries.runtimes["notification"])
    assert await told(client) == ["Now"]

    clock.advance(hours=BACK)
    await sweep(deliveries.runtimes["notification"])
    assert await told(client) == ["Later", "Now"]


async def told(client: httpx.AsyncClient) -> list[str]:
    items = (await client.get("/api/notifications")).json()["items"]
    return sorted(notification["message"] for notification in items)


async def test_a_series_continues_after_completion(
    client: httpx.AsyncClient, clock: Clock, deliveries: Deliveries
) -> None:
    first = await add(client, "Daily", due_at=clock.now.isoformat(), recurrence="daily")
    clock.advance(hours=-BACK)

    await client.post(f"/api/tasks/{first['id']}/complete")
    await deliveries.settle()
    await client.post(f"/api/tasks/{first['id']}/complete")
    await deliveries.settle()

    [following] = (await client.get("/api/tasks", params={"status": "open"})).json()["items"]
    assert following["parent_task_id"] == first["id"]
    assert following["occurrence"] == 2


async def test_rate_limits_lock_out_no_user(client: httpx.AsyncClient, clock: Clock) -> None:
    for _ in range(20):
        answer = await client.get("/api/me")
    clock.advance(hours=-BACK)
    after = await client.get("/api/me")

    assert (answer.status_code, after.status_code) == (200, 200)
    assert remaining(after) > remaining(answer)


def remaining(answer: httpx.Response) -> int:
    return int(answer.headers["ratelimit"].partition("r=")[2].partition(";")[0])


async def test_retention_deletes_nothing_early(
    client: httpx.AsyncClient, clock: Clock, deliveries: Deliveries
) -> None:
    await add(client, "Kept")
    before = (await client.get("/api/sync", params={"since": 0})).json()
    clock.advance(days=-30)

    for rule in ("outbox", "inbox", "activity", "idempotency-keys", "sessions"):
        await deliveries.retain(rule)

    assert (await client.get("/api/sync", params={"since": 0})).json() == before
    assert (await client.get("/api/me")).status_code == 200
