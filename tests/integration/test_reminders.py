"""Reminders: setting them, how they follow their task, and that each fires once."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import update

from testbed.app.application import Clock, user_id_of
from testbed.app.deliveries import Deliveries
from todoapp.features.tasks.model import Task
from todoapp.kit.database import Database, col
from todoapp.processes.notification.firing import fire
from todoapp.processes.notification.sweep import sweep

Json = dict[str, Any]

DUE = "2027-03-08T09:00:00Z"  # the clock begins on 2027-03-03 at 08:00
JSON = {"content-type": "application/json"}


async def made(client: httpx.AsyncClient, **fields: Any) -> Json:
    answer = await client.post("/api/tasks", json={"title": "Pay the rent", "due_at": DUE, **fields})
    assert answer.status_code == 201, answer.text
    task: Json = answer.json()
    return task


async def reminders(client: httpx.AsyncClient, task: Json) -> list[Json]:
    items: list[Json] = (await client.get(f"/api/tasks/{task['id']}/reminders")).json()["items"]
    return items


async def states(client: httpx.AsyncClient, task: Json) -> list[tuple[str, str]]:
    return [(each["due_at"], each["status"]) for each in await reminders(client, task)]


async def messages(client: httpx.AsyncClient) -> list[str]:
    return [each["message"] for each in (await client.get("/api/notifications")).json()["items"]]


async def test_an_offset_counts_back_from_the_date(client: httpx.AsyncClient) -> None:
    task = await made(client)

    answer = await client.post(f"/api/tasks/{task['id']}/reminders", json={"offset_minutes": 90})

    reminder = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/api/tasks/{task['id']}/reminders/{reminder['id']}"
    assert (reminder["due_at"], reminder["status"]) == ("2027-03-08T07:30:00Z", "scheduled")
    assert (await client.get(answer.headers["location"])).json() == reminder


async def test_a_new_reminder_is_a_new_version_of_its_task(client: httpx.AsyncClient) -> None:
    task = await made(client)

    reminder = (await client.post(f"/api/tasks/{task['id']}/reminders", json={"remind_at": DUE})).json()

    shown = (await client.get(f"/api/tasks/{task['id']}")).json()
    assert shown["version"] == task["version"] + 1
    assert shown["reminders"] == [reminder]


@pytest.mark.parametrize(
    ("wanted", "pointer"),
    [
        ({"offset_minutes": -1}, "/offset_minutes"),
        ({"offset_minutes": 6 * 366 * 24 * 60}, "/offset_minutes"),
        ({"offset_minutes": 5, "remind_at": DUE}, ""),
        ({}, ""),
        ({"remind_at": "2027-03-08T09:00:00"}, "/remind_at"),
        ({"remind_at": "2027-03-02T07:59:00Z"}, "/remind_at"),
        ({"offset_minutes": 7 * 24 * 60}, "/offset_minutes"),
        ({"offset_minutes": 5, "sound": "loud"}, "/sound"),
    ],
)
async def test_an_impossible_reminder_is_refused_by_its_name(
    client: httpx.AsyncClient, wanted: Json, pointer: str
) -> None:
    task = await made(client)

    answer = await client.post(f"/api/tasks/{task['id']}/reminders", json=wanted)

    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json()["errors"]] == [pointer]
    assert await reminders(client, task) == []


async def test_an_offset_needs_a_date(client: httpx.AsyncClient) -> None:
    task = await made(client, due_at=None)

    answer = await client.post(f"/api/tasks/{task['id']}/reminders", json={"offset_minutes": 5})

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-reminder")


async def test_a_task_has_twenty_reminders_at_most(client: httpx.AsyncClient) -> None:
    task = await made(client, reminders=[{"offset_minutes": minutes} for minutes in range(20)])

    answer = await client.post(f"/api/tasks/{task['id']}/reminders", json={"offset_minutes": 60})

    assert (answer.status_code, answer.json()["code"]) == (409, "too-many-reminders")


async def test_completing_cancels_and_reopening_brings_back_what_is_ahead(
    client: httpx.AsyncClient, clock: Clock
) -> None:
    task = await made(client, reminders=[{"offset_minutes": 60}, {"remind_at": "2027-03-04T08:00:00Z"}])
    await client.post(f"/api/tasks/{task['id']}/complete")
    assert {status for _, status in await states(client, task)} == {"cancelled"}

    clock.advance(days=2)
    await client.post(f"/api/tasks/{task['id']}/reopen")

    assert await states(client, task) == [
        ("2027-03-04T08:00:00Z", "cancelled"),
        ("2027-03-08T08:00:00Z", "scheduled"),
    ]


async def test_a_moved_date_takes_offsets_along_and_leaves_instants(client: httpx.AsyncClient) -> None:
    task = await made(client, reminders=[{"offset_minutes": 60}, {"remind_at": "2027-03-04T08:00:00Z"}])

    await client.patch(f"/api/tasks/{task['id']}", json={"due_at": "2027-03-09T09:00:00Z"})

    assert await states(client, task) == [
        ("2027-03-04T08:00:00Z", "scheduled"),
        ("2027-03-09T08:00:00Z", "scheduled"),
    ]


async def test_removing_the_date_removes_reminders_with_offsets(client: httpx.AsyncClient) -> None:
    task = await made(client, reminders=[{"offset_minutes": 60}, {"remind_at": "2027-03-04T08:00:00Z"}])

    await client.patch(f"/api/tasks/{task['id']}", json={"due_at": None})

    assert await states(client, task) == [
        ("2027-03-04T08:00:00Z", "scheduled"),
        ("2027-03-08T08:00:00Z", "cancelled"),
    ]


async def test_a_reminder_can_be_set_to_another_instant(client: httpx.AsyncClient) -> None:
    task = await made(client, reminders=[{"offset_minutes": 60}])
    [reminder] = task["reminders"]
    path = f"/api/tasks/{task['id']}/reminders/{reminder['id']}"

    changed = await client.put(path, json={"remind_at": DUE}, headers={"If-Match": '"1"'})
    again = await client.put(path, json={"remind_at": DUE})
    stale = await client.put(path, json={"offset_minutes": 5}, headers={"If-Match": '"1"'})

    assert (changed.json()["due_at"], changed.json()["offset_minutes"]) == (DUE, None)
    assert changed.headers["etag"] == again.headers["etag"] == '"2"'
    assert stale.status_code == 412


async def test_a_removed_reminder_is_gone(client: httpx.AsyncClient) -> None:
    task = await made(client, reminders=[{"offset_minutes": 60}])
    path = f"/api/tasks/{task['id']}/reminders/{task['reminders'][0]['id']}"

    assert (await client.delete(path)).status_code == 204

    assert await reminders(client, task) == []
    assert (await client.delete(path)).status_code == 404


async def test_a_reminder_is_found_under_its_own_task_only(client: httpx.AsyncClient) -> None:
    task, other = await made(client, reminders=[{"offset_minutes": 60}]), await made(client)

    answer = await client.get(f"/api/tasks/{other['id']}/reminders/{task['reminders'][0]['id']}")

    assert (answer.status_code, answer.json()["code"]) == (404, "reminder-not-found")


async def test_the_first_reminder_has_its_own_path(client: httpx.AsyncClient) -> None:
    task = await made(client)
    path = f"/api/tasks/{task['id']}/reminder"

    assert (await client.put(path, json={"offset_minutes": 5})).json()["code"] == "no-reminder"
    assert (await client.post(path, json={"offset_minutes": 5})).status_code == 201
    assert (await client.post(path, json={"offset_minutes": 5})).json()["code"] == "reminder-exists"
    assert (await client.put(path, json={"offset_minutes": 15})).json()["due_at"] == "2027-03-08T08:45:00Z"
    assert (await client.delete(path)).status_code == 204
    assert await reminders(client, task) == []


async def test_all_reminders_are_listed_in_pages_by_status(client: httpx.AsyncClient) -> None:
    done = await made(client, reminders=[{"offset_minutes": 1}])
    await made(client, reminders=[{"offset_minutes": minutes} for minutes in (30, 10, 20)])
    await client.post(f"/api/tasks/{done['id']}/complete")
    query = {"status": "scheduled", "limit": "2", "include_total": "true"}

    first = (await client.get("/api/reminders", params=query)).json()
    second = (await client.get("/api/reminders", params=query | {"cursor": first["next_cursor"]})).json()
    other = await client.get("/api/reminders", params={"cursor": first["next_cursor"]})

    assert [each["offset_minutes"] for each in first["items"] + second["items"]] == [30, 20, 10]
    assert (first["total"], second["next_cursor"]) == (3, None)
    assert (other.status_code, other.json()["code"]) == (422, "invalid-cursor")


async def test_a_due_reminder_fires_once_under_simultaneous_sweeps_and_job(
    client: httpx.AsyncClient, clock: Clock, deliveries: Deliveries
) -> None:
    task = await made(client, reminders=[{"offset_minutes": 60}])
    [reminder] = task["reminders"]
    user_id = await user_id_of(client)
    here, there = deliveries.runtimes["notification"], deliveries.runtimes["recurrence"]
    alarm = {"user_id": str(user_id), "reminder_id": reminder["id"]}
    clock.advance(days=5, seconds=10)

    await asyncio.gather(
        sweep(here),
        sweep(there),
        fire(there, user_id, UUID(reminder["id"])),
        deliveries.consumers["notification"].post(f"/job/reminder-{reminder['id']}", json=alarm),
    )

    assert await messages(client) == ["Pay the rent (due on 2027-03-08 at 10:00, Europe/Berlin)"]
    [fired] = await reminders(client, task)
    assert (fired["status"], fired["triggered_at"]) == ("triggered", "2027-03-08T08:00:10Z")
    triggered = [each for each in await deliveries.published() if each["type"] == "reminder.triggered"]
    assert [each["data"]["reminder_id"] for each in triggered] == [reminder["id"]]


async def test_a_reminder_that_cannot_fire_delays_no_other(
    client: httpx.AsyncClient, clock: Clock, deliveries: Deliveries, database: Database
) -> None:
    broken, whole = [await made(client, reminders=[{"offset_minutes": 60}]) for _ in range(2)]
    async with database.write() as session:
        await session.execute(
            update(Task).where(col(Task.id) == UUID(broken["id"])).values(timezone="Atlantis")
        )
    clock.advance(days=5, minutes=1)

    await sweep(deliveries.runtimes["notification"])

    assert await states(client, whole) == [("2027-03-08T08:00:00Z", "triggered")]
    assert await states(client, broken) == [("2027-03-08T08:00:00Z", "scheduled")]
    assert len(await messages(client)) == 1


async def test_a_reminder_older_than_a_day_fails_silently(
    client: httpx.AsyncClient, clock: Clock, deliveries: Deliveries
) -> None:
    task = await made(client, reminders=[{"offset_minutes": 60}, {"offset_minutes": 30}])
    clock.advance(days=6, minutes=15)

    await sweep(deliveries.runtimes["notification"])

    assert await states(client, task) == [
        ("2027-03-08T08:00:00Z", "failed"),
        ("2027-03-08T08:30:00Z", "triggered"),
    ]
    assert len(await messages(client)) == 1


async def test_a_fired_reminder_fires_again_when_its_task_moves_ahead(
    client: httpx.AsyncClient, clock: Clock, deliveries: Deliveries
) -> None:
    task = await made(client, reminders=[{"offset_minutes": 60}])
    clock.advance(days=5, minutes=1)
    await sweep(deliveries.runtimes["notification"])

    await client.patch(f"/api/tasks/{task['id']}", json={"due_at": "2027-03-20T09:00:00Z"})
    assert await states(client, task) == [("2027-03-20T08:00:00Z", "scheduled")]
    clock.advance(days=12)
    await sweep(deliveries.runtimes["notification"])

    assert len(await messages(client)) == 2


async def test_a_cancelled_reminder_does_not_fire(
    client: httpx.AsyncClient, clock: Clock, deliveries: Deliveries
) -> None:
    task = await made(client, reminders=[{"offset_minutes": 60}])
    await client.post(f"/api/tasks/{task['id']}/complete")
    clock.advance(days=5, minutes=1)

    await sweep(deliveries.runtimes["notification"])

    assert await messages(client) == []


async def test_an_unknown_job_is_answered_as_done(deliveries: Deliveries) -> None:
    """Any answer but 404 would let the sidecar call again and again."""
    notification = deliveries.consumers["notification"]

    unknown = {"user_id": str(UUID(int=1)), "reminder_id": str(UUID(int=2))}
    answers = [
        await notification.post(f"/job/reminder-{UUID(int=2)}", json=unknown),
        await notification.post("/job/reminder-1", content=b"not JSON", headers=JSON),
        await notification.post("/job/other", headers=JSON),
    ]

    assert [answer.status_code for answer in answers] == [204, 204, 204]
