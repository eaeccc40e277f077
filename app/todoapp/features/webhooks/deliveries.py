"""What webhooks are told: from an event to rows that wait, and the log of what became of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from todoapp.features.outgoing.delivery import DeliveryStatus
from todoapp.features.outgoing.destination import MOST_WAITING
from todoapp.features.outgoing.turns import call_up
from todoapp.features.webhooks import service
from todoapp.features.webhooks.errors import WebhookDeliveryNotFound, WebhookFull
from todoapp.features.webhooks.model import WEBHOOKS, Webhook, WebhookDelivery
from todoapp.features.webhooks.view import WebhookDeliveryView
from todoapp.kit.database import col, insert_new, new_id, table_of
from todoapp.kit.paging import Page
from todoapp.kit.timeline import TimelineQuery, page_by_time
from todoapp.messaging.cloudevents import CloudEvent
from todoapp.messaging.outbox import UserChanges

__all__ = [
    "DeliveryQuery",
    "NotTaken",
    "list_deliveries",
    "note_delivered",
    "note_not_delivered",
    "queue",
    "redeliver",
]


class NotTaken(Exception):
    """The receiver did not take an event; says why, without the URL."""

    def __init__(
        self, sentence: str, *, status: int | None = None, answered: bool | None = True, final: bool = False
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.answered = answered
        """Whether the receiver said anything at all; None if it was not called"""
        self.final = final
        """Whether no further attempt makes sense"""


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


async def queue(changes: UserChanges, envelopes: Sequence[CloudEvent]) -> None:
    """Queue a user's events for the webhooks that listen for them. A repeated event is ignored.

    What a webhook that is full does not take is in its log as failed.
    """
    session = changes.session
    theirs = select(Webhook).where(col(Webhook.user_id) == changes.user_id, col(Webhook.enabled))
    webhooks = {webhook.id: webhook for webhook in await session.scalars(theirs)}
    rows: list[dict[str, Any]] = []
    for webhook in webhooks.values():
        wanted = [each for each in envelopes if each.type in webhook.event_types]
        with service.showing(changes, webhook):
            fitting = webhook.fitting(len(wanted), now=changes.now)
        rows += [
            _row(webhook, envelope, changes.now, fits=place < fitting)
            for place, envelope in enumerate(wanted)
        ]
    if not rows:
        return
    columns = (DELIVERIES.c.destination_id, DELIVERIES.c.next_attempt_at)
    inserted = await session.execute(insert_new(session, DELIVERIES).returning(*columns), rows)
    for row in inserted.all():
        webhooks[row.destination_id].waiting += row.next_attempt_at is not None
    await call_up(session, WEBHOOKS.name, changes.user_id, now=changes.now)


def _row(webhook: Webhook, envelope: CloudEvent, now: datetime, *, fits: bool) -> dict[str, Any]:
    return {
        "id": new_id(),
        "user_id": webhook.user_id,
        "destination_id": webhook.id,
        "event_id": envelope.id,
        "event_type": envelope.type,
        "body": envelope.model_dump_json(exclude_none=True),
        "status": (DeliveryStatus.PENDING if fits else DeliveryStatus.FAILED).value,
        "attempts": 0,
        "next_attempt_at": now if fits else None,
        "last_error": None if fits else f"{MOST_WAITING} events wait for this webhook already.",
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


async def redeliver(changes: UserChanges, webhook: Webhook, delivery_id: UUID) -> WebhookDelivery:
    """Send an event of the log again, under its old `webhook-id`.

    Raises:
        WebhookDeliveryNotFound, WebhookFull
    """
    delivery = await changes.session.scalar(
        select(WebhookDelivery).where(
            col(WebhookDelivery.id) == delivery_id, col(WebhookDelivery.destination_id) == webhook.id
        )
    )
    if delivery is None:
        raise WebhookDeliveryNotFound(delivery_id)
    if delivery.next_attempt_at is None:
        if webhook.waiting >= MOST_WAITING:
            raise WebhookFull(MOST_WAITING)
        webhook.waiting += 1
    delivery.restart(changes.now)
    await call_up(changes.session, WEBHOOKS.name, changes.user_id, now=changes.now)
    return delivery


async def note_delivered(changes: UserChanges, delivery_id: UUID, status: int) -> None:
    """Note that the receiver took an event."""
    if delivery := await _waiting(changes, delivery_id):
        delivery.last_status = status
        delivery.succeed(changes.now)
        await _noted(changes, delivery, answered=True)


async def note_not_delivered(changes: UserChanges, delivery_id: UUID, failure: NotTaken) -> None:
    """Note that the receiver did not take an event, and when it is tried again, unless this was final."""
    if delivery := await _waiting(changes, delivery_id):
        delivery.last_status = failure.status
        delivery.fail(str(failure), now=changes.now, waits=() if failure.final else WAITS)
        await _noted(changes, delivery, answered=failure.answered)
        if failure.status == HTTPStatus.GONE:
            service.switch_off(changes, delivery.webhook)


async def _noted(changes: UserChanges, delivery: WebhookDelivery, *, answered: bool | None) -> None:
    """Let the webhook know how an attempt went, and the next one have its turn."""
    webhook = delivery.webhook
    with service.showing(changes, webhook):
        if answered:
            webhook.note_answer()
        elif answered is not None:
            webhook.note_silence(changes.now)
    if delivery.next_attempt_at is None:
        webhook.settle()
    await call_up(changes.session, WEBHOOKS.name, changes.user_id, now=changes.now)


async def _waiting(changes: UserChanges, delivery_id: UUID) -> WebhookDelivery | None:
    """A delivery that waits; None if it, or its webhook, was deleted."""
    rows = select(WebhookDelivery).where(
        col(WebhookDelivery.id) == delivery_id, col(WebhookDelivery.status) == DeliveryStatus.PENDING.value
    )
    return await changes.session.scalar(rows.with_for_update(of=WebhookDelivery))
