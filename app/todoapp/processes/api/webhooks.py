"""Webhooks: URLs of a user's own programs that are told of events."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from todoapp.features.accounts.sessions import require_fresh
from todoapp.features.notifications.service import tell_of_credential
from todoapp.features.webhooks import deliveries, service
from todoapp.features.webhooks.deliveries import DeliveryQuery
from todoapp.features.webhooks.inputs import NewWebhook, WebhookPatch
from todoapp.features.webhooks.model import Webhook
from todoapp.features.webhooks.view import WebhookDeliveryView, WebhookView, WebhookWithSecret
from todoapp.kit.paging import Page
from todoapp.processes.api.conditional import IfMatch, IfNoneMatch, tag
from todoapp.processes.api.dependencies import (
    Changes,
    CurrentIdentity,
    CurrentRuntime,
    FreshChanges,
    Reading,
    require_session,
)
from todoapp.processes.api.routing import resource_router

__all__ = ["router"]

router = resource_router("/api/webhooks", "Webhooks")


async def _own(webhook_id: UUID, changes: Changes, if_match: IfMatch) -> Webhook:
    webhook = await service.own(changes.session, changes.user_id, webhook_id)
    if_match.check(webhook.version)
    return webhook


Own = Annotated[Webhook, Depends(_own)]


async def _own_to_patch(
    patch: WebhookPatch, webhook: Own, identity: CurrentIdentity, changes: Changes
) -> Webhook:
    """To lead events elsewhere is to give somebody access to them, as making a webhook is."""
    if "url" in patch.model_fields_set and patch.url != webhook.url:
        await require_fresh(changes.session, require_session(identity), now=changes.now)
        await tell_of_credential(changes, "A webhook got another URL.")
    return webhook


OwnToPatch = Annotated[Webhook, Depends(_own_to_patch)]


@router.get("")
async def list_webhooks(reading: Reading) -> Page[WebhookView]:
    """List your webhooks, oldest first."""
    found = await service.list_all(reading.session, reading.user_id)
    return Page(items=[WebhookView.model_validate(webhook) for webhook in found])


@router.post("", status_code=HTTPStatus.CREATED, responses={HTTPStatus.CONFLICT: {}})
async def create_webhook(
    new: NewWebhook, runtime: CurrentRuntime, changes: FreshChanges, response: Response
) -> WebhookWithSecret:
    """Have a URL told of events, by Standard Webhooks (https://www.standardwebhooks.com/).

    It takes a log-in of the last five minutes. The body is the CloudEvent. The secret that verifies its
    signature is shown this once, so the answer is not kept for a repetition. What is not answered with 2xx
    is sent again for a day.
    """
    allow_private = runtime.settings.allow_private_destinations
    webhook, secret = await service.create(changes, new, runtime.seal, allow_private=allow_private)
    await tell_of_credential(changes, "A webhook was made.")
    response.headers["Location"] = f"/api/webhooks/{webhook.id}"
    tag(response, webhook.version)
    return WebhookWithSecret.showing(webhook, secret)


@router.get("/{webhook_id}")
async def get_webhook(
    webhook_id: UUID, reading: Reading, known: IfNoneMatch, response: Response
) -> WebhookView:
    """Read one webhook."""
    webhook = await service.own(reading.session, reading.user_id, webhook_id)
    known.check(webhook.version)
    tag(response, webhook.version)
    return WebhookView.model_validate(webhook)


@router.patch("/{webhook_id}")
async def patch_webhook(
    patch: WebhookPatch, webhook: OwnToPatch, changes: Changes, runtime: CurrentRuntime, response: Response
) -> WebhookView:
    """Change the URL or the types of events, or switch a webhook off or on.

    Another URL takes a log-in of the last five minutes.
    """
    allow_private = runtime.settings.allow_private_destinations
    service.update(changes, webhook, patch, allow_private=allow_private)
    tag(response, webhook.version)
    return WebhookView.model_validate(webhook)


@router.delete("/{webhook_id}", status_code=HTTPStatus.NO_CONTENT)
async def delete_webhook(webhook: Own, changes: Changes) -> None:
    """Delete a webhook with its log; what still waits is not sent."""
    await service.delete(changes, webhook)


@router.post("/{webhook_id}/rotate-secret")
async def rotate_webhook_secret(
    webhook_id: UUID, runtime: CurrentRuntime, changes: FreshChanges, response: Response
) -> WebhookWithSecret:
    """Give a webhook another secret. It takes a log-in of the last five minutes.

    For a day the one before signs as well, so nothing is missed.
    """
    webhook = await service.own(changes.session, changes.user_id, webhook_id)
    secret = service.rotate_secret(changes, webhook, runtime.seal)
    await tell_of_credential(changes, "A webhook got another secret.")
    tag(response, webhook.version)
    return WebhookWithSecret.showing(webhook, secret)


@router.get("/{webhook_id}/deliveries")
async def list_webhook_deliveries(
    webhook_id: UUID, query: Annotated[DeliveryQuery, Query()], reading: Reading
) -> Page[WebhookDeliveryView]:
    """List what a webhook was told in the last 30 days, and what still waits, newest first."""
    webhook = await service.own(reading.session, reading.user_id, webhook_id)
    return await deliveries.list_deliveries(reading.session, webhook, query)


@router.post(
    "/{webhook_id}/deliveries/{webhook_delivery_id}/redeliver",
    status_code=HTTPStatus.ACCEPTED,
    responses={HTTPStatus.CONFLICT: {}},
)
async def redeliver_webhook(
    webhook_id: UUID, webhook_delivery_id: UUID, changes: Changes
) -> WebhookDeliveryView:
    """Send an event again, with all attempts ahead. It keeps its `webhook-id`."""
    webhook = await service.own(changes.session, changes.user_id, webhook_id)
    delivery = await deliveries.redeliver(changes, webhook, webhook_delivery_id)
    return WebhookDeliveryView.model_validate(delivery)
