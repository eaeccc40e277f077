"""A webhook and its log as clients see them. The secret is shown only when it is made."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import Field

from todoapp.features.outgoing.delivery import DeliveryStatus
from todoapp.features.outgoing.destination import DestinationState
from todoapp.features.webhooks.model import Webhook
from todoapp.kit.fields import View

__all__ = ["WebhookDeliveryView", "WebhookView", "WebhookWithSecret"]


class WebhookView(View):
    id: UUID
    url: str
    event_types: list[str]
    enabled: bool = Field(description="false also after its receiver answered 410 Gone")
    old_secret_ends_at: datetime | None = Field(
        description="until then everything is signed with the secret before the last rotation as well"
    )
    state: DestinationState = Field(
        description="`paused`: the receiver did not answer, so nothing is sent for a while; "
        "`full`: 5000 events wait, and further ones fail at once"
    )
    paused_until: datetime | None = Field(description="when it is tried again")
    version: int
    created_at: datetime
    updated_at: datetime


class WebhookWithSecret(WebhookView):
    secret: str = Field(description="verifies `webhook-signature`; it is not shown again")

    @classmethod
    def showing(cls, webhook: Webhook, secret: str) -> Self:
        return cls(**WebhookView.model_validate(webhook).model_dump(), secret=secret)


class WebhookDeliveryView(View):
    """One event on its way to one webhook."""

    id: UUID
    event_id: UUID = Field(description="the header `webhook-id` of all its attempts")
    event_type: str
    status: DeliveryStatus
    attempts: int
    last_status: int | None = Field(description="HTTP status of the last answer")
    last_error: str | None
    next_attempt_at: datetime | None = Field(description="null when there will be none")
    created_at: datetime
    delivered_at: datetime | None
