"""Events that come in lists: each is handled once and in order, and a bad one harms no other."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest
from fastapi import FastAPI
from sqlalchemy import select, text

from testbed.app.application import calling
from testbed.app.deliveries import Deliveries, Envelope
from testbed.ports import free_port
from todoapp.kit.database import open_database
from todoapp.kit.settings import Settings
from todoapp.messaging.dead_letters import DeliveryFailure
from todoapp.messaging.delivery import Outcome
from todoapp.messaging.event import DataChanged
from todoapp.messaging.outbox import Outbox
from todoapp.messaging.subscriptions import MOST_TRIES, Consumer

Json = dict[str, Any]

UNSTORABLE = "9999-12-31T23:59:59-01:00"
"""An instant that the schema allows; in UTC it would lie in the year 10000."""


@pytest.fixture
async def bins(client: httpx.AsyncClient) -> Json:
    """A task that repeats."""
    task = {"title": "Put out the bins", "due_at": "2027-03-08T08:00:00Z", "recurrence": "daily"}
    made: Json = (await client.post("/api/tasks", json=task)).json()
    return made


async def task_events(deliveries: Deliveries) -> list[Envelope]:
    return [each for each in await deliveries.published() if each["topic"] == "task-events"]


async def logged(client: httpx.AsyncClient) -> list[str]:
    """The ids of the events in the activity log."""
    items = (await client.get("/api/activity-logs", params={"limit": 200})).json()["items"]
    return [each["event_id"] for each in items]


def poisoned(envelope: Envelope) -> Envelope:
    return envelope | {"time": UNSTORABLE}


async def test_a_list_has_the_effects_of_its_events(
    client: httpx.AsyncClient, bins: Json, deliveries: Deliveries
) -> None:
    await client.post(f"/api/tasks/{bins['id']}/complete")
    events = await task_events(deliveries)

    statuses = await deliveries.deliver_list(events * 2)
    again = await deliveries.deliver_list(events)

    assert statuses + again == ["SUCCESS"] * 3 * len(events)
    assert sorted(await logged(client)) == sorted(each["id"] for each in events)
    open_tasks = (await client.get("/api/tasks", params={"status": "open"})).json()["items"]
    assert [each["parent_task_id"] for each in open_tasks] == [bins["id"]]


async def test_a_list_may_hold_events_of_many_users(
    client: httpx.AsyncClient, stranger: httpx.AsyncClient, deliveries: Deliveries
) -> None:
    for person in (client, stranger, client):
        await person.post("/api/tasks", json={"title": "Buy milk"})
    events = await task_events(deliveries)

    assert await deliveries.deliver_list(events) == ["SUCCESS"] * 3
    assert sorted(await logged(client)) == sorted([events[0]["id"], events[2]["id"]])
    assert await logged(stranger) == [events[1]["id"]]


async def test_a_list_may_be_longer_than_what_people_send(
    client: httpx.AsyncClient, deliveries: Deliveries
) -> None:
    long = {"op": "create", "task": {"title": "Read", "description": "word " * 4000}}
    await client.post("/api/tasks/bulk", json={"operations": [long] * 40})
    events = await task_events(deliveries)

    assert len(orjson.dumps(events * 2)) > Settings().request_body_bytes
    assert await deliveries.deliver_list(events * 2) == ["SUCCESS"] * 80


async def test_the_effects_of_an_entry_continue_its_trace(
    client: httpx.AsyncClient, deliveries: Deliveries
) -> None:
    traces = [uuid4().hex for _ in range(2)]
    for trace in traces:
        headers = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
        await client.post("/api/tasks", json={"title": "Buy milk"}, headers=headers)
    await deliveries.deliver_list(await task_events(deliveries))

    following = [each for each in await deliveries.published() if each["type"] == "activity.logged"]
    assert [each["traceparent"].split("-")[1] for each in following] == traces


async def test_bad_entry_delays_only_its_own_key(
    client: httpx.AsyncClient, bins: Json, deliveries: Deliveries
) -> None:
    await client.patch(f"/api/tasks/{bins['id']}", json={"title": "Take in the bins"})
    await client.post("/api/tasks", json={"title": "Buy milk"})
    created, renamed, other = await task_events(deliveries)
    unreadable: Json = {"id": str(uuid4()), "topic": "task-events"}

    statuses = await deliveries.deliver_list([poisoned(created), renamed, other, unreadable])

    assert statuses == ["RETRY", "RETRY", "SUCCESS", "DROP"]
    assert await logged(client) == [other["id"]]
    async with deliveries.runtimes["recurrence"].database.read() as session:
        tries = {each.event_id: each.attempts for each in await session.scalars(select(DeliveryFailure))}
    assert tries == {created["id"]: 1, unreadable["id"]: 1}


async def test_failing_entry_does_not_delay_later_ones(
    client: httpx.AsyncClient, bins: Json, deliveries: Deliveries
) -> None:
    await client.patch(f"/api/tasks/{bins['id']}", json={"title": "Take in the bins"})
    created, renamed = await task_events(deliveries)

    answers = [await deliveries.deliver_list([poisoned(created), renamed]) for _ in range(MOST_TRIES)]

    assert answers == [["RETRY", "RETRY"]] * (MOST_TRIES - 1) + [["DROP", "SUCCESS"]]
    assert await logged(client) == [renamed["id"]]


async def test_nothing_counts_as_a_try_while_the_database_is_away() -> None:
    database = open_database(f"postgresql://todo:todo@127.0.0.1:{free_port()}/todo")
    ended: list[Outcome] = []
    consumer = Consumer(
        outbox=Outbox(database, "somebody"),
        name="somebody",
        actor="system",
        app_api_token=None,
        observe=ended.append,
        now=lambda: datetime.now(UTC),
    )

    async def count_users(_: object) -> None:
        async with database.read() as session:
            await session.execute(text("SELECT 1"))

    app = FastAPI()
    app.include_router(consumer.router({"/events/task-updates": ([DataChanged], count_users)}))
    entries = [{"entryId": str(number), "event": changed()} for number in range(2)]

    async with calling(app) as sidecar:
        answer = await sidecar.post(
            "/events/task-updates", json={"type": "com.dapr.event.sent.bulk", "entries": entries}
        )
    await database.close()

    assert [each["status"] for each in answer.json()["statuses"]] == ["RETRY", "RETRY"]
    assert ended == [Outcome.RETRY, Outcome.RETRY]


@pytest.mark.parametrize("entries", [None, [], [1, {"event": {}}]])
async def test_a_list_without_entries_is_answered_with_none(deliveries: Deliveries, entries: object) -> None:
    body = {"type": "com.dapr.event.sent.bulk", "entries": entries}

    answer = await deliveries.send("recurrence", "/events/task-events", orjson.dumps(body))

    assert (answer.status_code, answer.json()) == (200, {"statuses": []})


def changed() -> Envelope:
    user_id, event_id = str(uuid4()), str(uuid4())
    return {
        "id": event_id,
        "type": "data.changed",
        "source": "/todoapp/api",
        "time": "2027-03-01T09:00:00Z",
        "dataschema": "https://todoapp.dev/schemas/data.changed/1.0.0.json",
        "userid": user_id,
        "userseq": 1,
        "data": {
            "version": "1.0.0",
            "user_id": user_id,
            "entity": "task",
            "entity_id": event_id,
            "action": "deleted",
            "value": None,
        },
    }
