"""At-least-once deliveries, exactly-once effects: duplicates, another order, replays, poison."""

import random
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest
from sqlalchemy import delete, select

from testbed.app.application import user_id_of
from testbed.app.deliveries import Deliveries, Envelope
from todoapp.messaging.dead_letters import DeadLetter, DeliveryFailure
from todoapp.messaging.inbox import InboxEntry

Json = dict[str, Any]


async def effects(client: httpx.AsyncClient) -> Json:
    """What deliveries may have changed, as the user sees it, without what only tells when."""
    tasks = (await client.get("/api/tasks", params={"limit": 200})).json()["items"]
    log = (await client.get("/api/activity-logs", params={"limit": 200})).json()["items"]
    notifications = (await client.get("/api/notifications")).json()["items"]
    return {
        "tasks": sorted((each["title"], each["due_at"] or "", each["completed"]) for each in tasks),
        "reminders": sorted((each["due_at"], each["status"]) for task in tasks for each in task["reminders"]),
        "log": sorted(each["event_id"] for each in log if each["event_type"] != "task.created"),
        "notifications": [each["message"] for each in notifications],
    }


async def carried(deliveries: Deliveries, envelopes: list[Envelope]) -> None:
    """Deliver to the two consumers whose handling is committed here; alarms need a sidecar."""
    for envelope in envelopes:
        answer = await deliveries.deliver(envelope)
        if envelope["topic"] != "reminders":
            assert answer.json() == {"status": "SUCCESS"}, answer.text


async def test_deliveries_in_order_have_their_effects(
    client: httpx.AsyncClient, history: list[Envelope], deliveries: Deliveries
) -> None:
    await carried(deliveries, history)

    found = await effects(client)
    due = [due for title, due, _ in found["tasks"] if title == "Put out the bins"]
    assert sorted(due) == ["2027-03-08T08:00:00Z"] * 3 + ["2027-03-15T08:00:00Z"] * 2
    assert len(found["log"]) == sum(
        each["topic"] == "task-events" and each["type"] != "task.created" for each in history
    )


@pytest.mark.parametrize("seed", range(3))
async def test_reordered_and_repeated_deliveries_have_the_same_effects(
    client: httpx.AsyncClient, history: list[Envelope], deliveries: Deliveries, seed: int
) -> None:
    anyhow = history * 2
    random.Random(seed).shuffle(anyhow)
    await carried(deliveries, anyhow)
    shuffled = await effects(client)

    await carried(deliveries, history)

    assert await effects(client) == shuffled
    bins = [due for title, due, _ in shuffled["tasks"] if title == "Put out the bins"]
    assert sorted(bins) == ["2027-03-08T08:00:00Z"] * 3 + ["2027-03-15T08:00:00Z"] * 2


async def test_a_replay_after_the_inbox_forgot_changes_nothing(
    client: httpx.AsyncClient, history: list[Envelope], deliveries: Deliveries
) -> None:
    await carried(deliveries, history)
    before = await effects(client)
    async with deliveries.runtimes["recurrence"].database.write() as session:
        await session.execute(delete(InboxEntry))

    await carried(deliveries, history)

    assert await effects(client) == before


async def test_events_of_a_deleted_account_are_done_with(
    client: httpx.AsyncClient, history: list[Envelope], deliveries: Deliveries
) -> None:
    orphans = [
        each | {"userid": str(uuid4()), "data": each["data"] | {"user_id": str(uuid4())}} for each in history
    ]

    await carried(deliveries, orphans)

    assert (await effects(client))["log"] == []


async def test_a_failing_delivery_is_retried_and_its_reason_noted(
    history: list[Envelope], deliveries: Deliveries
) -> None:
    """Without a sidecar no alarm can be set."""
    scheduled = next(each for each in history if each["type"] == "reminder.scheduled")

    answers = [await deliveries.deliver(scheduled) for _ in range(2)]

    assert [(each.status_code, each.json()) for each in answers] == [(500, {"status": "RETRY"})] * 2
    async with deliveries.runtimes["notification"].database.read() as session:
        failure = await session.get_one(DeliveryFailure, ("notification", scheduled["id"]))
    assert failure.attempts == 2
    assert failure.reason.startswith("SidecarUnavailable: ")


async def test_a_dead_letter_is_kept_once_with_the_reason(
    history: list[Envelope], deliveries: Deliveries
) -> None:
    scheduled = next(each for each in history if each["type"] == "reminder.scheduled")
    await deliveries.deliver(scheduled)

    for _ in range(2):
        letter = await deliveries.send("notification", "/events/dead-letter", orjson.dumps(scheduled))
        assert letter.json() == {"status": "SUCCESS"}

    [kept] = await dead_letters(deliveries)
    assert (kept.consumer, kept.topic, kept.event) == ("notification", "reminders", scheduled)
    assert kept.reason.startswith("SidecarUnavailable: ")


POISON: dict[str, tuple[bytes | Json, str | None]] = {
    "not JSON": (b"{", None),
    "no envelope": (b'["task.completed"]', None),
    "unknown type": ({"type": "task.vanished"}, "'task.vanished' is not heard here"),
    "another major version": ({"data": {"version": "2.0.0"}}, "task.completed has version 2.0.0"),
    "not its schema": ({"data": {"task_id": "42"}}, "The event does not fit its schema. task_id: "),
    "no instant": ({"time": "yesterday"}, "The event does not fit its schema. time: "),
}


@pytest.mark.parametrize("poison", POISON)
async def test_a_malformed_event_becomes_a_dead_letter_with_the_reason(
    history: list[Envelope], deliveries: Deliveries, poison: str
) -> None:
    """Dapr passes on what is dropped to the dead-letter topic."""
    broken, reason = POISON[poison]
    healthy = next(each for each in history if each["type"] == "task.completed")
    body = broken if isinstance(broken, bytes) else orjson.dumps(spoilt(healthy, broken))

    dropped = await deliveries.send("recurrence", "/events/task-events", body)
    letter = await deliveries.send("recurrence", "/events/dead-letter", body)

    assert (dropped.status_code, dropped.json()) == (200, {"status": "DROP"})
    assert letter.json() == {"status": "SUCCESS"}
    [kept] = await dead_letters(deliveries)
    assert kept.reason.startswith(reason or "No failure was noted")


async def test_only_the_sidecar_may_deliver(deliveries: Deliveries, history: list[Envelope]) -> None:
    guarded = deliveries.guarded_by("a token that the sidecar shows")
    event = next(each for each in history if each["type"] == "task.completed")

    async with guarded as recurrence:
        refused = [
            await recurrence.post(path, json=event, headers=headers)
            for path in ("/events/task-events", "/events/dead-letter")
            for headers in ({}, {"dapr-api-token": ""}, {"dapr-api-token": "a guess"})
        ]
        taken = await recurrence.post(
            "/events/task-events",
            json=event,
            headers={"dapr-api-token": "a token that the sidecar shows"},
        )

    assert {answer.status_code for answer in refused} == {401}
    assert taken.json() == {"status": "SUCCESS"}
    assert await dead_letters(deliveries) == []


@pytest.mark.parametrize("path", ["/events/task-events", "/events/dead-letter"])
@pytest.mark.parametrize(
    "media_type", ["", "text/plain", "application/x-www-form-urlencoded", "text/plain; application/json"]
)
async def test_a_delivery_that_a_web_page_could_send_is_refused(
    deliveries: Deliveries, history: list[Envelope], path: str, media_type: str
) -> None:
    """A page may send these types to any port of its visitor's machine, without asking it first."""
    event = orjson.dumps(next(each for each in history if each["type"] == "task.completed"))
    origin = {"content-type": media_type, "origin": "https://evil.example"}

    answer = await deliveries.send("recurrence", path, event, **origin)

    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported-media-type")
    assert await dead_letters(deliveries) == []


async def test_an_effect_continues_the_trace_of_its_cause(
    client: httpx.AsyncClient, deliveries: Deliveries
) -> None:
    trace_id = uuid4().hex
    headers = {"traceparent": f"00-{trace_id}-00f067aa0ba902b7-01"}
    task = {"title": "Water the plants", "due_at": "2027-03-08T08:00:00Z", "recurrence": "daily"}
    made = (await client.post("/api/tasks", json=task)).json()
    await client.post(f"/api/tasks/{made['id']}/complete", headers=headers)

    await deliveries.settle()

    user_id = str(await user_id_of(client))
    traced = [each for each in await deliveries.published() if trace_id in each.get("traceparent", "")]
    assert {each["source"] for each in traced} == {"/todoapp/api", "/todoapp/recurrence"}
    assert {each["userid"] for each in traced} == {user_id}


def spoilt(envelope: Envelope, change: Json) -> Envelope:
    return envelope | change | {"data": envelope["data"] | change.get("data", {})}


async def dead_letters(deliveries: Deliveries) -> list[DeadLetter]:
    async with deliveries.runtimes["recurrence"].database.read() as session:
        return list(await session.scalars(select(DeadLetter)))
