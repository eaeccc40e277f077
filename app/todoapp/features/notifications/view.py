"""A notification as clients see it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from todoapp.features.channels.view import ChannelDeliveryView

__all__ = ["NotificationView"]


class NotificationView(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: UUID
    task_id: UUID | None = Field(description="kept when the task is deleted; null for a test")
    reminder_id: UUID | None
    kind: str = Field(examples=["reminder", "test"])
    message: str
    read_at: datetime | None
    created_at: datetime
    deliveries: list[ChannelDeliveryView] = Field(description="how it fares on each channel")

    def as_value(self) -> dict[str, Any]:
        """The notification as the feed carries it."""
        return self.model_dump(mode="json")
