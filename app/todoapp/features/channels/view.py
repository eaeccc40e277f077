"""A channel, and deliveries through it, as clients see them. The URL is never shown."""

from datetime import datetime
from uuid import UUID

from pydantic import AliasPath, Field

from todoapp.features.outgoing.delivery import DeliveryStatus
from todoapp.features.outgoing.destination import DestinationState
from todoapp.kit.fields import View

__all__ = ["ChannelDeliveryView", "ChannelView"]


class ChannelView(View):
    id: UUID
    name: str
    kind: str = Field(description="the service that its URL names", examples=["ntfy"])
    state: DestinationState = Field(
        description="`paused`: the service did not answer, so nothing is sent for a while; "
        "`full`: 5000 reminders wait, and further ones fail at once"
    )
    paused_until: datetime | None = Field(description="when it is tried again; a test tries it at once")
    version: int
    created_at: datetime
    updated_at: datetime


class ChannelDeliveryView(View):
    """How a notification fares on one channel."""

    channel_id: UUID = Field(validation_alias="destination_id")
    name: str = Field(validation_alias=AliasPath("channel", "name"))
    kind: str = Field(validation_alias=AliasPath("channel", "kind"))
    status: DeliveryStatus
    attempts: int
    last_error: str | None
    next_attempt_at: datetime | None = Field(description="null when there will be none")
    delivered_at: datetime | None
