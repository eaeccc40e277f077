"""What is kept for how long, and the Dapr jobs that delete the rest."""

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Response
from sqlalchemy import ColumnElement, delete, inspect, select, true, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from todoapp.features.accounts.model import Guesses, OneTimeLink, UserSession
from todoapp.features.activity.model import ActivityLog
from todoapp.features.channels.model import REMINDERS, TESTS
from todoapp.features.notifications.model import Notification
from todoapp.features.outgoing.claiming import Lane
from todoapp.features.outgoing.repair import astray, set_right
from todoapp.features.personal_data.usage import counted, miscounted
from todoapp.features.webhooks.model import WEBHOOKS, WebhookDelivery
from todoapp.kit.database import Database, col
from todoapp.kit.idempotency import IdempotencyKey
from todoapp.kit.settings import Settings
from todoapp.messaging.dead_letters import DeadLetter, DeliveryFailure
from todoapp.messaging.inbox import InboxEntry
from todoapp.messaging.outbox import Origin, OutboxEvent, UnknownUser
from todoapp.messaging.sidecar import SidecarError
from todoapp.messaging.subscriptions import Consumer
from todoapp.processes.runtime import Runtime

__all__ = ["BATCH", "Rule", "delete_old", "keep_scheduled", "repair_counters", "retention_router", "rules"]

logger = logging.getLogger(__name__)

INBOX = timedelta(days=7)
"""As long as the topics keep what could be delivered again."""
DEAD_LETTERS = timedelta(days=30)
WEBHOOK_LOG = timedelta(days=30)
COUNTERS = "counters"
"""The job that repairs counters, once a day: it reads indexes of all tasks and deliveries."""
LANES: tuple[Lane[Any], ...] = (REMINDERS, TESTS, WEBHOOKS)
RENEWAL_SECONDS = 3600.0
RETRY_SECONDS = 10.0
BATCH = 500
PAUSE_SECONDS = 0.05


@dataclass(frozen=True)
class Rule:
    """Which rows of a table are deleted."""

    name: str
    age: InstrumentedAttribute[datetime]
    """The column from which a row's age counts; in a table that grows large it needs an index."""
    kept: timedelta
    only: ColumnElement[bool] = field(default_factory=true)
    """What has to be so besides."""


def rules(settings: Settings) -> list[Rule]:
    """All rules of the installation. What belongs to a deleted row goes with it."""
    published = col(OutboxEvent.published_at).is_not(None)
    settled = col(WebhookDelivery.next_attempt_at).is_(None)
    return [
        Rule("activity", col(ActivityLog.occurred_at), settings.retention_activity),
        Rule("notifications", col(Notification.created_at), settings.retention_notifications),
        Rule("outbox", col(OutboxEvent.created_at), settings.feed_lifetime, only=published),
        Rule("inbox", col(InboxEntry.processed_at), INBOX),
        Rule("delivery-failures", col(DeliveryFailure.failed_at), DEAD_LETTERS),
        Rule("dead-letters", col(DeadLetter.received_at), DEAD_LETTERS),
        Rule("idempotency-keys", col(IdempotencyKey.claimed_at), settings.idempotency_lifetime),
        Rule("webhook-deliveries", col(WebhookDelivery.created_at), WEBHOOK_LOG, only=settled),
        Rule("guesses", col(Guesses.full_at), timedelta(0)),
        Rule("one-time-links", col(OneTimeLink.expires_at), timedelta(0)),
        Rule("sessions", col(UserSession.expires_at), timedelta(0)),
    ]


async def keep_scheduled(runtime: Runtime) -> None:
    """Schedule an hourly job for each rule, and schedule it again from time to time in case it was lost."""
    await runtime.sidecar.wait_until_ready()
    while True:
        try:
            await _schedule(runtime, rules(runtime.settings))
        except SidecarError as error:
            logger.warning("Cannot schedule the retention jobs yet", extra={"error": str(error)})
            await asyncio.sleep(RETRY_SECONDS)
        else:
            await asyncio.sleep(RENEWAL_SECONDS)


def retention_router(runtime: Runtime, consumer: Consumer) -> APIRouter:
    """The route that the sidecar calls for each job. It repeats the call until the answer is 2xx."""
    router = consumer.guarded_router()
    by_name = {rule.name: rule for rule in rules(runtime.settings)}

    @router.post("/job/retention-{name}")
    async def retention_due(name: str) -> Response:
        if name == COUNTERS:
            repaired = await repair_counters(runtime)
            logger.info("Counters repaired", extra={"repairs": repaired})
        elif name in by_name:
            deleted = await delete_old(runtime.database, by_name[name], now=runtime.now())
            logger.info("Old rows deleted", extra={"rule": name, "rows": deleted})
        else:
            # Another version's, which may be running beside this one: its job is left alone.
            logger.warning("Ignoring unknown retention job", extra={"rule": name})
        return Response(status_code=HTTPStatus.NO_CONTENT)

    return router


async def repair_counters(runtime: Runtime) -> int:
    """Count again what users have and what waits for their destinations, where the counters are wrong.

    Processes of the version before this one do not count; nor does who deletes rows by hand.

    Returns:
        The number of repairs.
    """
    return await _repair_usage(runtime) + sum([await _repair_queues(runtime, lane) for lane in LANES])


async def _repair_usage(runtime: Runtime) -> int:
    repaired, after = 0, None
    while True:
        async with runtime.database.read() as session:
            wrong, after = await miscounted(session, after, limit=BATCH)
        for user_id in wrong:
            with suppress(UnknownUser):  # deleted at the same time
                async with runtime.outbox.changes(user_id, Origin("system", runtime.now())) as changes:
                    changes.usage.numbers = dict(await counted(changes.session, user_id))
                    await changes.write_counters()
        repaired += len(wrong)
        if after is None:
            return repaired
        await asyncio.sleep(PAUSE_SECONDS)


async def _repair_queues(runtime: Runtime, lane: Lane[Any]) -> int:
    async with runtime.database.read() as session:
        users = await astray(session, lane, limit=BATCH)
    for user_id in users:
        with suppress(UnknownUser):
            async with runtime.outbox.changes(user_id, Origin("system", runtime.now())) as changes:
                await set_right(changes.session, lane, user_id, now=changes.now)
    return len(users)


async def _schedule(runtime: Runtime, scheduled: Iterable[Rule]) -> None:
    await runtime.sidecar.repeat_job(
        f"retention-{COUNTERS}", schedule="0 57 3 * * *", data={"rule": COUNTERS}
    )
    for index, rule in enumerate(scheduled):
        # One after the other, at fixed minutes: with an interval, each renewal would postpone the job.
        await runtime.sidecar.repeat_job(
            f"retention-{rule.name}", schedule=f"0 {5 * index} * * * *", data={"rule": rule.name}
        )


async def delete_old(database: Database, rule: Rule, *, now: datetime) -> int:
    """Delete what is as old as `rule.kept` or older, in small transactions with room for others between them.

    Returns:
        The number of rows.
    """
    key = inspect(rule.age.class_).primary_key
    oldest = select(*key).where(rule.age <= now - rule.kept, rule.only).order_by(rule.age).limit(BATCH)
    these = delete(rule.age.class_).where(tuple_(*key).in_(oldest)).returning(*key)
    deleted = 0
    while True:
        async with database.write() as session:
            batch = len((await session.execute(these)).all())
        deleted += batch
        if batch < BATCH:
            return deleted
        await asyncio.sleep(PAUSE_SECONDS)  # who waits for SQLite's one write lock only looks now and then
