"""What webhooks are told: from an event to rows that wait, and the log of what became of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from todoapp.features.outgoing.delivery import DeliveryStatus
from todoapp.features.webhooks.errors import WebhookDeliveryNotFound
from todoapp.features.webhooks.model import Webhook, WebhookDelivery
from todoapp.features.webhooks.view import WebhookDeliveryView
from todoapp.kit.database import col, insert_new, new_id, table_of
from todoapp.kit.paging import Page
from todoapp.kit.timeline import TimelineQuery, page_by_time
from todoapp.messaging.cloudevents import CloudEvent

__all__ = [
    "DeliveryQuery",
    "list_deliveries",
    "note_delivered",
    "note_not_delivered",
    "queue",
    "redeliver",
]

DELIVERIES = table_of(WebhookDelivery)

WAITS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=8),
    timedelta(hours=8, minutes=30),
)
"""Between attempts: a little over a day, as Standard Webhooks recommends."""


class DeliveryQuery(TimelineQuery):
    """The parameters of a webhook's log."""

    status: DeliveryStatus | None = None


async def queue(
    session: AsyncSession, user_id: UUID, envelopes: Sequence[CloudEvent], *, now: datetime
) -> None:
    """Queue a user's events for the webhooks that listen for them. A repeated event is ignored."""
    theirs = select(Webhook).where(col(Webhook.user_id) == user_id, col(Webhook.enabled))
    rows = [
        _waiting_row(webhook, envelope, now)
        for webhook in await session.scalars(theirs)
        for envelope in envelopes
        if envelope.type in webhook.event_types
    ]
    if rows:
        await session.execute(insert_new(session, DELIVERIES), rows)


def _waiting_row(webhook: Webhook, envelope: CloudEvent, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "user_id": webhook.user_id,
        "destination_id": webhook.id,
        "event_id": envelope.id,
        "event_type": envelope.type,
        "body": envelope.model_dump_json(exclude_none=True),
        "status": DeliveryStatus.PENDING.value,
        "attempts": 0,
        "next_attempt_at": now,
        "created_at": now,
    }


async def list_deliveries(
    session: AsyncSession, webhook: Webhook, query: DeliveryQuery
) -> Page[WebhookDeliveryView]:
    """What a webhook was told or is to be told, newest first.

    Raises:
        InvalidCursor
    """
    rows = select(WebhookDelivery).where(col(WebhookDelivery.destination_id) == webhook.id)
    if query.status is not None:
        rows = rows.where(col(WebhookDelivery.status) == query.status)
    place = (col(WebhookDelivery.created_at), col(WebhookDelivery.id))
    return await page_by_time(session, rows, place, query=query, view=WebhookDeliveryView, newest_first=True)


async def redeliver(
    session: AsyncSession, webhook: Webhook, delivery_id: UUID, *, now: datetime
) -> WebhookDelivery:
    """Send an event of the log again, under its old `webhook-id`.

    Raises:
        WebhookDeliveryNotFound
    """
    delivery = await session.scalar(
        select(WebhookDelivery).where(
            col(WebhookDelivery.id) == delivery_id, col(WebhookDelivery.destination_id) == webhook.id
        )
    )
    if delivery is None:
        raise WebhookDeliveryNotFound(delivery_id)
    delivery.restart(now)
    return delivery


async def note_delivered(session: AsyncSession, delivery_id: UUID, status: int, *, now: datetime) -> None:
    """Note that the receiver took an event."""
    if delivery := await _waiting(session, delivery_id):
        delivery.last_status = status
        delivery.succeed(now)


async def note_not_delivered(
    session: AsyncSession, delivery_id: UUID, status: int | None, reason: str, *, now: datetime, final: bool
) -> None:
    """Note that the receiver did not take an event, and when it is tried again, unless this was final."""
    if delivery := await _waiting(session, delivery_id):
        delivery.last_status = status
        delivery.fail(reason, now=now, waits=() if final else WAITS)


async def _waiting(session: AsyncSession, delivery_id: UUID) -> WebhookDelivery | None:
    """A delivery that waits; None if it, or its webhook, was deleted."""
    rows = select(WebhookDelivery).where(
        col(WebhookDelivery.id) == delivery_id, col(WebhookDelivery.status) == DeliveryStatus.PENDING.value
    )
    return await session.scalar(rows.with_for_update(of=WebhookDelivery))
