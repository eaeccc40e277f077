"""Notifications: what a person was told."""

from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field

from todoapp.features.notifications import service
from todoapp.features.notifications.service import NotificationQuery
from todoapp.features.notifications.view import NotificationView
from todoapp.kit.paging import Page
from todoapp.processes.api.dependencies import Changes, Reading
from todoapp.processes.api.routing import resource_router

__all__ = ["router"]

router = resource_router("/api/notifications", "Notifications")


class ReadAll(BaseModel):
    marked: int = Field(description="how many were unread until now")


@router.get("")
async def list_notifications(
    query: Annotated[NotificationQuery, Query()], reading: Reading
) -> Page[NotificationView]:
    """List what you were told, newest first."""
    return await service.list_notifications(reading.session, reading.user_id, query)


@router.post("/read-all")
async def read_all_notifications(changes: Changes) -> ReadAll:
    """Mark all as read."""
    return ReadAll(marked=await service.mark_all_read(changes))


@router.post("/{notification_id}/read")
async def read_notification(notification_id: UUID, changes: Changes) -> NotificationView:
    """Mark one as read. Doing it again changes nothing."""
    return NotificationView.model_validate(await service.mark_read(changes, notification_id))
