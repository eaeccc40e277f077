"""Sending events to webhooks."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus

import httpcore
import httpx

from todoapp.features.outgoing.addresses import PrivateDestination
from todoapp.features.outgoing.network import PublicNetwork
from todoapp.features.webhooks import deliveries, service
from todoapp.features.webhooks.deliveries import NotTaken
from todoapp.features.webhooks.model import WEBHOOKS, WebhookDelivery
from todoapp.features.webhooks.signing import signed_headers
from todoapp.kit.sealing import BrokenSeal
from todoapp.kit.telemetry import current_traceparent
from todoapp.messaging.outbox import Origin, UnknownUser
from todoapp.processes.runtime import Runtime

__all__ = ["WebhookSender"]

logger = logging.getLogger(__name__)

LONGEST_SECONDS = 15.0
SUCCESS = range(200, 300)
HEADERS = {"content-type": "application/cloudevents+json", "user-agent": "TodoApp-Webhooks"}


class WebhookSender:
    """Signs and posts events. Redirects are not followed: a receiver is where its user said it is."""

    lane = WEBHOOKS

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._connections = httpcore.AsyncConnectionPool(
            ssl_context=httpx.create_ssl_context(),
            max_keepalive_connections=0,
            network_backend=PublicNetwork(allow_private=runtime.settings.allow_private_destinations),
        )

    async def attempt(self, delivery: WebhookDelivery) -> None:
        """Post one event to one webhook, and note how that went."""
        try:
            status = await self._post(delivery)
        except NotTaken as error:
            logger.info("Webhook did not accept an event", extra={"reason": str(error)})
            await self._note(delivery, partial(deliveries.note_not_delivered, failure=error))
        else:
            await self._note(delivery, partial(deliveries.note_delivered, status=status))

    async def _note(self, delivery: WebhookDelivery, note: Callable[..., Awaitable[None]]) -> None:
        origin = Origin("system", self._runtime.now(), current_traceparent())
        try:
            async with self._runtime.outbox.changes(delivery.user_id, origin) as changes:
                await note(changes, delivery.id)
        except UnknownUser:
            logger.info("Ignoring a delivery of a deleted account")

    async def _post(self, delivery: WebhookDelivery) -> int:
        """Make one request and return the status of its answer, a success.

        Raises:
            NotTaken
        """
        webhook, now = delivery.webhook, self._runtime.now()
        if not webhook.enabled:
            raise NotTaken("The webhook is switched off.", answered=None, final=True)
        if self.lane.is_overdue(delivery, webhook, now):
            raise NotTaken("The receiver has not answered for two days.", answered=None, final=True)
        try:
            keys = service.secrets_of(webhook, self._runtime.seal, now=now)
        except BrokenSeal:
            sentence = "The webhook's secret cannot be read any more; rotate it."
            raise NotTaken(sentence, answered=None) from None
        headers = signed_headers(keys, message_id=str(delivery.event_id), body=delivery.body, now=now)
        status = await self._status_of(webhook.url, HEADERS | headers, delivery.body.encode())
        if status not in SUCCESS:
            sentence = f"The receiver answered with HTTP status {status}."
            raise NotTaken(sentence, status=status, final=status == HTTPStatus.GONE)
        return status

    async def _status_of(self, url: str, headers: dict[str, str], body: bytes) -> int:
        request = self._connections.stream("POST", url, headers=list(headers.items()), content=body)
        try:
            async with asyncio.timeout(LONGEST_SECONDS), request as answer:
                return answer.status
        except PrivateDestination as error:
            raise NotTaken(str(error)) from None
        except (TimeoutError, httpcore.TimeoutException):
            sentence = f"The receiver did not answer within {LONGEST_SECONDS:.0f} seconds."
            raise NotTaken(sentence, answered=False) from None
        except httpcore.ConnectError:
            raise NotTaken("The receiver could not be reached.", answered=False) from None
        except (httpcore.NetworkError, httpcore.ProtocolError):
            raise NotTaken("The receiver broke the connection, or does not speak HTTP.") from None
