"""A channel, and deliveries through it, as clients see them. The URL is never shown."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import AliasPath, BaseModel, ConfigDict, Field

from todoapp.features.outgoing.delivery import DeliveryStatus

__all__ = ["ChannelDeliveryView", "ChannelView"]


class ChannelView(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: UUID
    name: str
    kind: str = Field(description="the service that its URL names", examples=["ntfy"])
    version: int
    created_at: datetime
    updated_at: datetime

    def as_value(self) -> dict[str, Any]:
        """The channel as the feed carries it."""
        return self.model_dump(mode="json")


class ChannelDeliveryView(BaseModel):
    """How a notification fares on one channel."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    channel_id: UUID = Field(validation_alias="destination_id")
    name: str = Field(validation_alias=AliasPath("channel", "name"))
    kind: str = Field(validation_alias=AliasPath("channel", "kind"))
    status: DeliveryStatus
    attempts: int
    last_error: str | None
    next_attempt_at: datetime | None = Field(description="null when there will be none")
    delivered_at: datetime | None
