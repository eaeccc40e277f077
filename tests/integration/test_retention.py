"""What is kept for how long, and the jobs that see to it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest
from pydantic import SecretStr
from sqlalchemy import func, insert, select, update

from testbed.app.application import JWT_SECRET, SEALING_KEY, Clock, calling, user_id_of
from testbed.app.deliveries import Deliveries, Envelope
from testbed.app.server import serving
from testbed.ports import free_port
from testbed.sidecar.process import AppInstance, running_sidecar
from testbed.waiting import WAIT_TIMEOUT, eventually
from todoapp.features.accounts import one_time_links
from todoapp.features.accounts.model import Guesses
from todoapp.features.accounts.one_time_links import Purpose
from todoapp.features.webhooks.model import Webhook, WebhookDelivery
from todoapp.kit.database import Database, col, new_id
from todoapp.kit.settings import Settings
from todoapp.messaging.inbox import InboxEntry
from todoapp.messaging.outbox import OutboxEvent
from todoapp.processes.notification.app import create_notification
from todoapp.processes.notification.retention import BATCH, Rule, rules
from todoapp.processes.runtime import Runtime

RESILIENCY = Path("dapr/resiliency.yaml")
DAY = timedelta(days=1)
KEPT = {
    "activity": 365 * DAY,
    "notifications": 90 * DAY,
    "outbox": 7 * DAY,
    "inbox": 7 * DAY,
    "delivery-failures": 30 * DAY,
    "dead-letters": 30 * DAY,
    "idempotency-keys": 1 * DAY,
    "webhook-deliveries": 30 * DAY,
    "guesses": 1 * DAY,  # until they are all there again, in the longest case
    "one-time-links": 1 * DAY,  # when the link ends
    "sessions": 30 * DAY,  # after the last refresh
}


async def count(database: Database, rule: Rule) -> int:
    """The rows that a rule can delete."""
    async with database.read() as session:
        rows = select(func.count()).select_from(rule.age.class_).where(rule.only)
        return await session.scalar(rows) or 0


def settled_delivery(user_id: UUID, now: datetime) -> WebhookDelivery:
    """Something that a webhook was told."""
    webhook = Webhook(
        id=new_id(),
        user_id=user_id,
        url="https://example.com/hook",
        event_types=["task.completed"],
        enabled=True,
        sealed_secret="",
        version=1,
        created_at=now,
        updated_at=now,
    )
    return WebhookDelivery(
        destination_id=webhook.id,
        webhook=webhook,
        user_id=user_id,
        event_id=new_id(),
        event_type="task.completed",
        body="",
        created_at=now,
    )


@pytest.fixture
async def aged(
    client: httpx.AsyncClient,
    history: list[Envelope],
    deliveries: Deliveries,
    database: Database,
    clock: Clock,
) -> dict[str, Rule]:
    """All rules by name; each has rows of the first ten seconds that it can delete one day."""
    await client.post("/api/tasks", json={"title": "Keyed"}, headers={"Idempotency-Key": "1"})
    await deliveries.settle()
    scheduled = next(each for each in history if each["type"] == "reminder.scheduled")
    await deliveries.deliver(scheduled)  # which fails, because no sidecar is there
    await deliveries.send("notification", "/events/dead-letter", orjson.dumps(scheduled))
    async with database.write() as session:
        await session.execute(update(OutboxEvent).values(published_at=col(OutboxEvent.created_at)))
        session.add(Guesses(key=bytes(32), full_at=clock.now + DAY))
        session.add(settled_delivery(await user_id_of(client), clock.now))
        await one_time_links.ask(session, Purpose.VERIFICATION, "ada@example.com", now=clock.now)
    found = {rule.name: rule for rule in rules(deliveries.runtimes["notification"].settings)}
    assert 0 not in [await count(database, rule) for rule in found.values()]
    return found


@pytest.mark.parametrize("name", KEPT)
async def test_rows_are_deleted_after_their_retention_time(
    aged: dict[str, Rule], deliveries: Deliveries, database: Database, clock: Clock, name: str
) -> None:
    before = {each: await count(database, rule) for each, rule in aged.items()}
    clock.now += KEPT[name] - timedelta(seconds=11)
    await deliveries.retain(name)
    assert {each: await count(database, rule) for each, rule in aged.items()} == before

    clock.advance(seconds=11)
    await deliveries.retain(name)

    assert {each: await count(database, rule) for each, rule in aged.items()} == before | {name: 0}


async def test_every_rule_has_its_time(aged: dict[str, Rule]) -> None:
    assert aged.keys() == KEPT.keys()


async def test_unpublished_rows_are_kept(
    client: httpx.AsyncClient, deliveries: Deliveries, database: Database, clock: Clock
) -> None:
    await client.post("/api/tasks", json={"title": "The broker is away"})
    published = len(await deliveries.published())
    clock.advance(days=100)

    await deliveries.retain("outbox")

    assert len(await deliveries.published()) == published


async def test_retention_deletes_more_rows_than_a_batch(
    deliveries: Deliveries, database: Database, clock: Clock
) -> None:
    old = [
        {"consumer": "recurrence", "event_id": new_id(), "processed_at": clock.now}
        for _ in range(2 * BATCH + 1)
    ]
    async with database.write() as session:
        await session.execute(insert(InboxEntry), old)
    clock.advance(days=7)

    await deliveries.retain("inbox")

    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(InboxEntry)) == 0


async def test_a_rule_of_another_version_is_left_alone(deliveries: Deliveries) -> None:
    await deliveries.retain("comments")


async def test_only_the_sidecar_starts_a_job(runtime: Runtime) -> None:
    settings = runtime.settings.model_copy(update={"app_api_token": SecretStr("the sidecar's")})
    guarded = await Runtime.assemble(settings, "notification")
    async with calling(create_notification(guarded)) as anybody:
        refused = await anybody.post("/job/retention-inbox", json={})
        done = await anybody.post(
            "/job/retention-inbox", json={}, headers={"dapr-api-token": "the sidecar's"}
        )
    await guarded.close()

    assert (refused.status_code, done.status_code) == (401, 204)


@pytest.fixture
async def scheduler(database_url: str, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The sidecar of a notification process that began before it."""
    port = free_port()
    settings = Settings(
        database_url=database_url,
        jwt_secret=JWT_SECRET,
        sealing_key=SEALING_KEY,
        dapr_http_port=port,
        trust_any_sidecar=True,
    )
    notification = await Runtime.assemble(settings, "notification")
    async with serving(create_notification(notification)) as server:
        app = AppInstance("notification", server.port, port)
        with running_sidecar([app], resources=[RESILIENCY], state=tmp_path / "sidecar.db"):
            await notification.sidecar.wait_until_ready()
            async with httpx.AsyncClient(base_url=app.url, timeout=WAIT_TIMEOUT) as sidecar:
                yield sidecar
    await notification.close()


async def test_each_rule_has_a_job_once_an_hour(scheduler: httpx.AsyncClient) -> None:
    async def scheduled() -> dict[str, Any] | None:
        answers = {name: await scheduler.get(f"/v1.0/jobs/retention-{name}") for name in KEPT}
        if all(answer.is_success for answer in answers.values()):
            return {name: answer.json()["schedule"] for name, answer in answers.items()}
        return None

    schedules = await eventually(scheduled, what="a job for each rule")

    assert schedules == {name: f"0 {5 * index} * * * *" for index, name in enumerate(KEPT)}


async def test_a_job_that_is_due_deletes(scheduler: httpx.AsyncClient, database: Database) -> None:
    old = {"consumer": "recurrence", "event_id": new_id(), "processed_at": datetime(2020, 1, 1, tzinfo=UTC)}
    async with database.write() as session:
        await session.execute(insert(InboxEntry), [old])

    async def deleted() -> bool:
        # As the hour would do it; again, because the process may just now put its own schedule there.
        now = {"dueTime": "0s", "data": {"rule": "inbox"}, "overwrite": True}
        await scheduler.post("/v1.0/jobs/retention-inbox", json=now)
        async with database.read() as session:
            return await session.scalar(select(func.count()).select_from(InboxEntry)) == 0

    assert await eventually(deleted, what="the old row is deleted")
