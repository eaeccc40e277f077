"""No user's deliveries delay another's without bound, and what is not sent at once is visible."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import delete, insert, select, text, update

from testbed.app.application import Clock, WarmApp, logged_in, user_id_of
from testbed.app.deliveries import Deliveries
from testbed.app.outgoing import Outgoing
from testbed.app.statements import statements_of
from testbed.ports import free_port
from testbed.sidecar.recording_app import RecordingApp, holding
from todoapp.features.accounts.model import User
from todoapp.features.channels.model import REMINDERS, TESTS, Channel
from todoapp.features.outgoing.claiming import LEASE, PER_USER, claim_due
from todoapp.features.outgoing.destination import MOST_WAITING, SILENCES
from todoapp.features.outgoing.turns import DeliveryTurn, call_up
from todoapp.features.webhooks.model import WEBHOOKS, Webhook, WebhookDelivery
from todoapp.kit.database import Database, col, new_id, table_of
from todoapp.processes.notification.sweep import sweep

Json = dict[str, Any]


@pytest.fixture
async def owner(sending_app: WarmApp) -> AsyncIterator[httpx.AsyncClient]:
    async with logged_in(sending_app.app) as owner:
        yield owner


async def add_webhook(owner: httpx.AsyncClient, port: int, path: str = "/hook") -> Json:
    wanted = {"url": f"http://127.0.0.1:{port}{path}", "event_types": ["task.created"]}
    webhook: Json = (await owner.post("/api/webhooks", json=wanted)).json()
    return webhook


async def add_tasks(owner: httpx.AsyncClient, number: int, deliveries: Deliveries) -> None:
    operations = [{"op": "create", "task": {"title": f"Task {each}"}} for each in range(number)]
    assert (await owner.post("/api/tasks/bulk", json={"operations": operations})).is_success
    await deliveries.settle()


async def add_channel(owner: httpx.AsyncClient, port: int, path: str = "/hook") -> Json:
    wanted = {"name": path, "url": f"json://127.0.0.1:{port}{path}"}
    channel: Json = (await owner.post("/api/channels", json=wanted)).json()
    return channel


async def remind(owner: httpx.AsyncClient, clock: Clock, outgoing: Outgoing) -> None:
    """Let a reminder fire, which nobody has sent anywhere yet."""
    reminder = {"remind_at": clock.now.isoformat()}
    await owner.post("/api/tasks", json={"title": "Call home", "reminders": [reminder]})
    clock.advance(minutes=1)
    await sweep(outgoing.runtime)


async def newest_delivery(owner: httpx.AsyncClient) -> Json:
    [found] = (await owner.get("/api/notifications")).json()["items"][0]["deliveries"]
    delivery: Json = found
    return delivery


async def queue(database: Database, now: datetime, *, webhooks: int, events: int) -> UUID:
    """Let a new user have webhooks for each of which events wait.

    Returns:
        The user's id.
    """
    user_id, at = new_id(), {"created_at": now}
    account = {"email": f"{user_id}@example.com", "name": "", "password_hash": "", "timezone": "UTC"}
    hook = {"url": "https://example.com/", "event_types": [], "enabled": True, "sealed_secret": ""}
    hooks = [
        {**at, **hook, "id": new_id(), "user_id": user_id, "version": 1, "updated_at": now, "waiting": events}
        for _ in range(webhooks)
    ]
    waiting = {"event_type": "task.created", "body": "{}", "attempts": 0, "next_attempt_at": now}
    waiting |= {"status": "pending", "user_id": user_id, **at}
    rows = [
        {**waiting, "id": new_id(), "destination_id": each["id"], "event_id": new_id()}
        for _ in range(events)
        for each in hooks
    ]
    async with database.write() as session:
        await session.execute(insert(User).values(id=user_id, **at, **account))
        await session.execute(insert(table_of(Webhook)), hooks)
        await session.execute(insert(table_of(WebhookDelivery)), rows)
        await call_up(session, WEBHOOKS.name, user_id, now=now)
    return user_id


async def test_one_users_slow_webhooks_delay_no_other(
    sending_app: WarmApp, outgoing: Outgoing, deliveries: Deliveries, receiver: RecordingApp
) -> None:
    async with logged_in(sending_app.app) as attacker, logged_in(sending_app.app) as victim:
        for number in range(10):
            await add_webhook(attacker, receiver.port, f"/slow?{number}")
        await add_tasks(attacker, 3, deliveries)
        await add_webhook(victim, receiver.port, "/fast")
        await add_tasks(victim, 1, deliveries)

    async with asyncio.TaskGroup() as attempts:
        with holding(receiver, "/slow"):
            started = await outgoing.dispatcher.start_due(attempts)
            await asyncio.to_thread(receiver.wait_for, "/fast")

    assert started == PER_USER + 1


async def test_one_users_dead_channels_delay_no_others_reminder(
    sending_app: WarmApp, outgoing: Outgoing, receiver: RecordingApp, clock: Clock
) -> None:
    async with logged_in(sending_app.app) as attacker, logged_in(sending_app.app) as victim:
        for number in range(PER_USER + 1):
            channel = await add_channel(attacker, receiver.port, f"/dead?{number}")
            await attacker.post(f"/api/channels/{channel['id']}/test")
        await add_channel(victim, receiver.port, "/phone")
        for person in (attacker, victim):
            await remind(person, clock, outgoing)

        database, now = outgoing.runtime.database, clock.now
        tests = await claim_due(database, TESTS, now=now, places=TESTS.places)
        sent = await claim_due(database, REMINDERS, now=now, places=REMINDERS.places)

        ids = [await user_id_of(person) for person in (attacker, victim)]
    assert [each.user_id for each in tests] == [ids[0]] * PER_USER
    assert [each.user_id for each in sent] == [ids[0], ids[1], ids[0]]


async def test_users_take_turns_however_long_their_queues_are(database: Database, clock: Clock) -> None:
    busy = [await queue(database, clock.now, webhooks=5, events=20) for _ in range(3)]
    last = await queue(database, clock.advance(seconds=1), webhooks=1, events=1)

    served = []
    for _ in range(6):
        clock.advance(seconds=1)
        [delivery] = await claim_due(database, WEBHOOKS, now=clock.now, places=1)
        served.append(delivery.user_id)

    assert served == [*busy, last, *busy][:6]


async def test_users_limit_holds_over_all_processes(database: Database, clock: Clock) -> None:
    await queue(database, clock.now, webhooks=10, events=1)

    claims = await asyncio.gather(*(claim_due(database, WEBHOOKS, now=clock.now, places=8) for _ in range(3)))
    clock.now += LEASE
    later = await claim_due(database, WEBHOOKS, now=clock.now, places=8)

    assert sum(map(len, claims)) == PER_USER
    assert len(later) == PER_USER


async def test_finished_attempts_make_room_for_the_next(
    owner: httpx.AsyncClient, outgoing: Outgoing, deliveries: Deliveries, receiver: RecordingApp
) -> None:
    for number in range(5):
        await add_webhook(owner, receiver.port, f"/hook?{number}")
    await add_tasks(owner, 3, deliveries)

    assert await outgoing.send_due() == 15
    async with outgoing.runtime.database.read() as session:
        assert set(await session.scalars(select(col(Webhook.waiting)))) == {0}


async def test_work_of_a_claim_does_not_grow_with_queues(database: Database, clock: Clock) -> None:
    works = []
    for events in (1, 40):
        await queue(database, clock.now, webhooks=3, events=events)
        with statements_of(database) as asked:
            await claim_due(database, WEBHOOKS, now=clock.now, places=2)
        works.append(len(asked))

    assert works[0] == works[1]
    for statement, parameters in asked:
        assert not await deliveries_read_whole(database, statement, parameters), statement


async def deliveries_read_whole(database: Database, statement: str, parameters: Any) -> bool:
    if not statement.lstrip().upper().startswith("SELECT"):
        return False
    async with database.engine.connect() as connection:
        if database.is_sqlite:
            plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            return any(row.detail.startswith("SCAN webhook_deliveries") for row in plan)
        # In a small table PostgreSQL would rather read all rows than any index.
        await connection.execute(text("SET LOCAL enable_seqscan = off"))
        plan = await connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
        return any("Seq Scan on webhook_deliveries" in row[0] for row in plan)


async def test_a_silent_receiver_is_paused_and_tried_again(
    owner: httpx.AsyncClient,
    outgoing: Outgoing,
    deliveries: Deliveries,
    receiver: RecordingApp,
    clock: Clock,
) -> None:
    webhook = await add_webhook(owner, free_port())
    path = f"/api/webhooks/{webhook['id']}"
    before = (await owner.get("/api/sync")).json()["seq"]
    await add_tasks(owner, SILENCES + 2, deliveries)

    attempts = await outgoing.send_due()
    paused = (await owner.get(path)).json()
    at_rest = await outgoing.send_due()
    clock.now = datetime.fromisoformat(paused["paused_until"])
    probes = await outgoing.send_due()
    longer = (await owner.get(path)).json()

    assert (attempts, at_rest, probes) == (SILENCES, 0, 1)
    assert paused["state"] == longer["state"] == "paused"
    assert datetime.fromisoformat(longer["paused_until"]) - clock.now == timedelta(minutes=2)
    changes = (await owner.get("/api/sync", params={"since": before})).json()["changes"]
    assert [each["value"]["state"] for each in changes if each["entity"] == "webhook"] == ["paused"] * 2

    url = f"http://127.0.0.1:{receiver.port}/hook"
    moved = (await owner.patch(path, json={"url": url})).json()
    assert (moved["state"], moved["paused_until"]) == ("ready", None)
    clock.advance(minutes=10)
    assert await outgoing.send_due() == len(receiver.calls("/hook")) == SILENCES + 2


async def test_an_answer_ends_a_pause(
    owner: httpx.AsyncClient,
    outgoing: Outgoing,
    deliveries: Deliveries,
    receiver: RecordingApp,
    clock: Clock,
) -> None:
    webhook = await add_webhook(owner, receiver.port)
    await add_tasks(owner, 3, deliveries)
    async with outgoing.runtime.database.write() as session:
        until = clock.now + timedelta(minutes=1)
        await session.execute(update(Webhook).values(silences=SILENCES, paused_until=until))

    held = await outgoing.send_due()
    clock.advance(minutes=1)
    sent = await outgoing.send_due()

    assert (held, sent) == (0, 3)
    assert (await owner.get(f"/api/webhooks/{webhook['id']}")).json()["state"] == "ready"


async def test_what_waits_for_a_silent_receiver_too_long_fails(
    owner: httpx.AsyncClient, outgoing: Outgoing, deliveries: Deliveries, clock: Clock
) -> None:
    webhook = await add_webhook(owner, free_port())
    await add_tasks(owner, SILENCES + 2, deliveries)
    await outgoing.send_due()

    clock.now += WEBHOOKS.kept
    await outgoing.send_due()

    log = (await owner.get(f"/api/webhooks/{webhook['id']}/deliveries")).json()["items"]
    assert {(each["status"], each["last_error"]) for each in log} == {
        ("failed", "The receiver has not answered for two days.")
    }


async def test_a_test_tries_a_paused_channel_at_once(
    owner: httpx.AsyncClient, outgoing: Outgoing, receiver: RecordingApp, clock: Clock
) -> None:
    channel = await add_channel(owner, receiver.port)
    path = f"/api/channels/{channel['id']}"
    async with outgoing.runtime.database.write() as session:
        until = clock.now + timedelta(hours=1)
        await session.execute(update(Channel).values(silences=SILENCES, paused_until=until))
    await remind(owner, clock, outgoing)
    held = await outgoing.send_due()
    assert (await owner.get(path)).json()["state"] == "paused"

    tried = await owner.post(f"{path}/test")
    again = await owner.post(f"{path}/test")
    sent = await outgoing.send_due()

    assert (held, tried.status_code, sent) == (0, 202, 2)
    assert (again.status_code, again.json()["code"]) == (409, "test-under-way")
    assert (await owner.get(path)).json()["state"] == "ready"


async def test_a_silent_channel_is_paused(owner: httpx.AsyncClient, outgoing: Outgoing, clock: Clock) -> None:
    channel = await add_channel(owner, free_port())
    async with outgoing.runtime.database.write() as session:
        await session.execute(update(Channel).values(silences=SILENCES - 1))
    await remind(owner, clock, outgoing)

    await outgoing.send_due()

    assert (await newest_delivery(owner))["status"] == "pending"
    assert (await owner.get(f"/api/channels/{channel['id']}")).json()["state"] == "paused"


async def test_a_full_webhook_logs_what_it_does_not_take(
    owner: httpx.AsyncClient, outgoing: Outgoing, deliveries: Deliveries, receiver: RecordingApp
) -> None:
    webhook = await add_webhook(owner, receiver.port)
    path = f"/api/webhooks/{webhook['id']}"
    await let_wait(outgoing, Webhook, MOST_WAITING - 1)
    await add_tasks(owner, 2, deliveries)

    log = (await owner.get(f"{path}/deliveries", params={"status": "failed"})).json()["items"]
    full = (await owner.get(path)).json()["state"]
    redelivered = await owner.post(f"{path}/deliveries/{log[0]['id']}/redeliver")
    await let_wait(outgoing, Webhook, MOST_WAITING // 2)
    await add_tasks(owner, 1, deliveries)
    later = (await owner.get(path)).json()["state"]

    assert [each["last_error"] for each in log] == ["5000 events wait for this webhook already."]
    assert (redelivered.status_code, redelivered.json()["code"]) == (409, "webhook-full")
    assert (full, later) == ("full", "ready")
    assert await outgoing.send_due() == 2


async def test_a_reminder_says_when_its_channel_is_full(
    owner: httpx.AsyncClient, outgoing: Outgoing, receiver: RecordingApp, clock: Clock
) -> None:
    channel = await add_channel(owner, receiver.port)
    await let_wait(outgoing, Channel, MOST_WAITING)
    await remind(owner, clock, outgoing)

    delivery = await newest_delivery(owner)

    assert (delivery["status"], delivery["last_error"]) == (
        "failed",
        "5000 reminders wait for this channel already.",
    )
    assert (await owner.get(f"/api/channels/{channel['id']}")).json()["state"] == "full"


async def test_what_is_in_no_queue_is_found_again(
    database: Database, deliveries: Deliveries, clock: Clock
) -> None:
    """As after an upgrade, during which a process of the version before queued something."""
    user_id = await queue(database, clock.now, webhooks=1, events=3)
    async with database.write() as session:
        await session.execute(delete(DeliveryTurn))
        await session.execute(update(Webhook).values(waiting=0))
    lost = await claim_due(database, WEBHOOKS, now=clock.now, places=1)

    await deliveries.retain("counters")

    found = await claim_due(database, WEBHOOKS, now=clock.now, places=1)
    assert (lost, [each.user_id for each in found]) == ([], [user_id])
    async with database.read() as session:
        assert await session.scalar(select(col(Webhook.waiting))) == 3


async def let_wait(outgoing: Outgoing, kind: type[Webhook] | type[Channel], number: int) -> None:
    """Count so many deliveries as waiting."""
    async with outgoing.runtime.database.write() as session:
        await session.execute(update(kind).values(waiting=number))
