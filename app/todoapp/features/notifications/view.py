"""A notification as clients see it."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from todoapp.features.channels.view import ChannelDeliveryView
from todoapp.kit.fields import View

__all__ = ["NotificationView"]


class NotificationView(View):
    id: UUID
    task_id: UUID | None = Field(description="kept when the task is deleted; null when it is about no task")
    reminder_id: UUID | None
    kind: str = Field(examples=["reminder", "credential", "test"])
    message: str
    read_at: datetime | None
    created_at: datetime
    deliveries: list[ChannelDeliveryView] = Field(description="how it fares on each channel")
