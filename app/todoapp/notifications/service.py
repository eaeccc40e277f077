"""Telling a person something, and noting what they have read."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from todoapp.messaging.event import Action
from todoapp.messaging.outbox import UserChanges
from todoapp.notifications.errors import NotificationNotFound
from todoapp.notifications.model import Notification
from todoapp.notifications.view import NotificationView
from todoapp.paging import Page
from todoapp.timeline import TimelineQuery, page_by_time

__all__ = ["NotificationQuery", "list_notifications", "mark_all_read", "mark_read", "tell_of_reminder"]


class NotificationQuery(TimelineQuery):
    """The parameters of a list of notifications."""

    unread: bool | None = None


async def tell_of_reminder(
    changes: UserChanges, *, task_id: UUID, reminder_id: UUID, reminder_due_at: datetime, message: str
) -> Notification:
    """Store what a reminder has to say, once for each instant that it was set to."""
    told = await changes.session.scalar(
        select(Notification).where(
            Notification.reminder_id == reminder_id, Notification.reminder_due_at == reminder_due_at
        )
    )
    if told is not None:
        return told
    notification = Notification(
        user_id=changes.user_id,
        task_id=task_id,
        reminder_id=reminder_id,
        reminder_due_at=reminder_due_at,
        kind="reminder",
        message=message,
        created_at=changes.now,
    )
    changes.session.add(notification)
    await changes.session.flush()
    _announce(changes, notification, "created")
    return notification


async def mark_read(changes: UserChanges, notification_id: UUID) -> Notification:
    """Note that the person has seen it. Doing it again changes nothing.

    Raises:
        NotificationNotFound
    """
    notification = await changes.session.scalar(
        select(Notification).where(
            Notification.id == notification_id, Notification.user_id == changes.user_id
        )
    )
    if notification is None:
        raise NotificationNotFound(notification_id)
    if notification.read_at is None:
        _read(changes, notification)
    return notification


async def mark_all_read(changes: UserChanges) -> int:
    """Note that the person has seen everything.

    Returns:
        How many notifications were unread until now.
    """
    unread = (
        await changes.session.scalars(
            select(Notification)
            .where(Notification.user_id == changes.user_id, Notification.read_at.is_(None))
            .order_by(Notification.created_at, Notification.id)
        )
    ).all()
    for notification in unread:
        _read(changes, notification)
    return len(unread)


async def list_notifications(
    session: AsyncSession, user_id: UUID, query: NotificationQuery
) -> Page[NotificationView]:
    """What the user was told, newest first.

    Raises:
        InvalidCursor
    """
    rows = select(Notification).where(Notification.user_id == user_id)
    if query.unread is not None:
        rows = rows.where(
            Notification.read_at.is_(None) if query.unread else Notification.read_at.is_not(None)
        )
    place = (Notification.created_at, Notification.id)
    return await page_by_time(session, rows, place, query=query, view=NotificationView, newest_first=True)


def _read(changes: UserChanges, notification: Notification) -> None:
    notification.read_at = changes.now
    _announce(changes, notification, "updated")


def _announce(changes: UserChanges, notification: Notification, action: Action) -> None:
    value = NotificationView.model_validate(notification).as_value()
    changes.announce("notification", action, notification.id, value)
