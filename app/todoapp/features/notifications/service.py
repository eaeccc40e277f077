"""Telling a person something, and noting what they have read."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from todoapp.features.channels import service as channels
from todoapp.features.channels.model import REMINDERS, TESTS, Channel, ChannelDelivery
from todoapp.features.channels.not_sent import NotSent
from todoapp.features.notifications.errors import NotificationNotFound
from todoapp.features.notifications.model import Notification
from todoapp.features.notifications.view import NotificationView
from todoapp.features.outgoing.delivery import DeliveryStatus
from todoapp.features.outgoing.turns import call_up
from todoapp.kit.database import col
from todoapp.kit.paging import Page
from todoapp.kit.timeline import TimelineQuery, page_by_time
from todoapp.messaging.event import Action
from todoapp.messaging.outbox import UserChanges

__all__ = [
    "NotificationQuery",
    "list_notifications",
    "mark_all_read",
    "mark_read",
    "note_delivered",
    "note_not_delivered",
    "tell_of_credential",
    "tell_of_reminder",
    "try_channel",
]

CREDENTIAL = "credential"
"""The kind of a notification that somebody has given the account a new way in or out."""
TEST = "test"
"""The kind of a notification that a person sends to try a channel."""
WAITS = (
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
)
"""Between attempts to reach a channel. A later reminder would be of little use."""


class NotificationQuery(TimelineQuery):
    """The parameters of a list of notifications."""

    unread: bool | None = None


async def tell_of_reminder(
    changes: UserChanges, *, task_id: UUID, reminder_id: UUID, reminder_due_at: datetime, message: str
) -> Notification:
    """Store what a reminder has to say, once for each instant that it was set to.

    It goes through all of the user's channels as well.
    """
    told = await changes.session.scalar(
        select(Notification).where(
            col(Notification.reminder_id) == reminder_id, col(Notification.reminder_due_at) == reminder_due_at
        )
    )
    if told is not None:
        return told
    theirs = await channels.list_all(changes.session, changes.user_id)
    notification = Notification(
        user_id=changes.user_id,
        task_id=task_id,
        reminder_id=reminder_id,
        reminder_due_at=reminder_due_at,
        kind="reminder",
        message=message,
        created_at=changes.now,
        deliveries=await channels.deliveries_to(theirs, changes),
    )
    await _tell(changes, notification)
    return notification


async def tell_of_credential(changes: UserChanges, made: str) -> None:
    """Tell the person, through all channels too, that there is a new way into the account or out of it.

    Args:
        made: a sentence that names nothing of the credential: programs with the scope `read` see it, too.
    """
    through = await channels.list_all(changes.session, changes.user_id)
    notification = Notification(
        user_id=changes.user_id,
        kind=CREDENTIAL,
        message=f"{made} If that was not you, change your password and end all that you do not know.",
        created_at=changes.now,
        deliveries=await channels.deliveries_to(through, changes),
    )
    await _tell(changes, notification)


async def try_channel(changes: UserChanges, channel: Channel) -> Notification:
    """Send a test message through one channel, once; its delivery state says how that went.

    Raises:
        TestUnderWay
    """
    notification = Notification(
        user_id=changes.user_id,
        kind=TEST,
        message=f"This is a test of the channel “{channel.name}”.",
        created_at=changes.now,
        deliveries=[await channels.test_delivery(channel, changes)],
    )
    await _tell(changes, notification)
    return notification


async def note_delivered(changes: UserChanges, delivery_id: UUID) -> None:
    """Note that a channel took a notification."""
    if found := await _delivery(changes, delivery_id):
        notification, delivery = found
        delivery.succeed(changes.now)
        await _noted(changes, notification, delivery, answered=True)


async def note_not_delivered(changes: UserChanges, delivery_id: UUID, failure: NotSent) -> None:
    """Note that a channel did not take a notification, and when it is tried again. A test is not."""
    if found := await _delivery(changes, delivery_id):
        notification, delivery = found
        waits = () if delivery.is_test or failure.final else WAITS
        delivery.fail(str(failure), now=changes.now, waits=waits)
        await _noted(changes, notification, delivery, answered=failure.answered)


async def mark_read(changes: UserChanges, notification_id: UUID) -> Notification:
    """Note that the person has seen it. Doing it again changes nothing.

    Raises:
        NotificationNotFound
    """
    notification = await changes.session.scalar(
        select(Notification).where(
            col(Notification.id) == notification_id, col(Notification.user_id) == changes.user_id
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
            .where(col(Notification.user_id) == changes.user_id, col(Notification.read_at).is_(None))
            .order_by(col(Notification.created_at), col(Notification.id))
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
    rows = select(Notification).where(col(Notification.user_id) == user_id)
    if query.unread is not None:
        rows = rows.where(
            col(Notification.read_at).is_(None) if query.unread else col(Notification.read_at).is_not(None)
        )
    place = (col(Notification.created_at), col(Notification.id))
    return await page_by_time(session, rows, place, query=query, view=NotificationView, newest_first=True)


async def _tell(changes: UserChanges, notification: Notification) -> None:
    changes.session.add(notification)
    await changes.session.flush()
    _announce(changes, notification, "created")


async def _delivery(changes: UserChanges, delivery_id: UUID) -> tuple[Notification, ChannelDelivery] | None:
    """A delivery that waits, with its notification; None if it or its channel was deleted."""
    notification = await changes.session.scalar(
        select(Notification)
        .join(col(Notification.deliveries))
        .where(
            col(ChannelDelivery.id) == delivery_id,
            col(ChannelDelivery.status) == DeliveryStatus.PENDING.value,
        )
    )
    if notification is None:
        return None
    return notification, next(each for each in notification.deliveries if each.id == delivery_id)


async def _noted(
    changes: UserChanges, notification: Notification, delivery: ChannelDelivery, *, answered: bool | None
) -> None:
    """Let the channel know how an attempt went, and the next one have its turn."""
    channel = delivery.channel
    with channels.showing(changes, channel):
        if answered:
            channel.note_answer()
        elif answered is not None:
            channel.note_silence(changes.now)
    if not delivery.is_test and delivery.next_attempt_at is None:
        channel.settle()
    for lane in (REMINDERS, TESTS):
        await call_up(changes.session, lane.name, changes.user_id, now=changes.now)
    _announce(changes, notification, "updated")


def _read(changes: UserChanges, notification: Notification) -> None:
    notification.read_at = changes.now
    _announce(changes, notification, "updated")


def _announce(changes: UserChanges, notification: Notification, action: Action) -> None:
    value = NotificationView.model_validate(notification).as_value()
    changes.announce("notification", action, notification.id, value)
