"""Keeping a person's channels, and handing notifications to them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from todoapp.features.channels.errors import ChannelNotFound, TestUnderWay
from todoapp.features.channels.model import REMINDERS, TESTS, Channel, ChannelDelivery
from todoapp.features.channels.view import ChannelView
from todoapp.features.outgoing.delivery import DeliveryStatus
from todoapp.features.outgoing.destination import MOST_WAITING
from todoapp.features.outgoing.turns import call_up
from todoapp.kit import owned
from todoapp.kit.database import col
from todoapp.kit.usage import Counted
from todoapp.messaging.event import Action
from todoapp.messaging.outbox import UserChanges

__all__ = [
    "Address",
    "create",
    "delete",
    "delete_all",
    "deliveries_to",
    "list_all",
    "own",
    "showing",
    "test_delivery",
    "update",
]


@dataclass(frozen=True)
class Address:
    """Where a channel leads, checked and sealed."""

    kind: str
    sealed_url: str


async def list_all(session: AsyncSession, user_id: UUID) -> Sequence[Channel]:
    """All of a user's channels, oldest first."""
    return await owned.list_of(session, Channel, user_id, col(Channel.created_at), col(Channel.id))


async def own(session: AsyncSession, user_id: UUID, channel_id: UUID) -> Channel:
    """One of the user's channels.

    Raises:
        ChannelNotFound
    """
    return await owned.get(session, Channel, user_id, channel_id, ChannelNotFound)


async def create(changes: UserChanges, name: str, address: Address) -> Channel:
    """Add a channel; every notification from now on goes through it as well.

    Raises:
        QuotaExceeded
    """
    changes.usage.add(Counted.CHANNELS)
    channel = Channel(
        user_id=changes.user_id,
        name=name,
        kind=address.kind,
        sealed_url=address.sealed_url,
        version=1,
        created_at=changes.now,
        updated_at=changes.now,
    )
    changes.session.add(channel)
    await changes.session.flush()
    _announce(changes, channel, "created")
    return channel


def update(changes: UserChanges, channel: Channel, name: str, address: Address | None) -> None:
    """Rename a channel, and lead it elsewhere unless `address` is None, which ends a pause."""
    if address is None and name == channel.name:
        return
    channel.name = name
    if address is not None:
        channel.kind, channel.sealed_url = address.kind, address.sealed_url
        channel.note_answer()
    _touch(changes, channel)


async def delete(changes: UserChanges, channel: Channel) -> None:
    """Remove a channel, and with it all that was sent through it or still waits."""
    await changes.session.delete(channel)
    changes.usage.add(Counted.CHANNELS, -1)
    changes.announce("channel", "deleted", channel.id)


async def delete_all(changes: UserChanges) -> None:
    """Remove all of the user's channels."""
    for channel in await list_all(changes.session, changes.user_id):
        await delete(changes, channel)


async def deliveries_to(channels: Sequence[Channel], changes: UserChanges) -> list[ChannelDelivery]:
    """A delivery of a reminder to each of the channels, due at once; to a channel that is full it fails."""
    deliveries = []
    for channel in channels:
        delivery = _delivery(channel, changes)
        with showing(changes, channel):
            fits = channel.fitting(1, now=changes.now)
        if fits:
            channel.waiting += 1
        else:
            delivery.give_up()
            delivery.last_error = f"{MOST_WAITING} reminders wait for this channel already."
        deliveries.append(delivery)
    if deliveries:
        await call_up(changes.session, REMINDERS.name, changes.user_id, now=changes.now)
    return deliveries


async def test_delivery(channel: Channel, changes: UserChanges) -> ChannelDelivery:
    """A delivery by which a person tries a channel, due at once.

    Raises:
        TestUnderWay
    """
    waiting = select(col(ChannelDelivery.id)).where(
        col(ChannelDelivery.destination_id) == channel.id,
        col(ChannelDelivery.next_attempt_at).is_not(None),
        TESTS.only,
    )
    if await changes.session.scalar(waiting.limit(1)) is not None:
        raise TestUnderWay
    await call_up(changes.session, TESTS.name, changes.user_id, now=changes.now)
    delivery = _delivery(channel, changes)
    delivery.is_test = True
    return delivery


@contextmanager
def showing(changes: UserChanges, channel: Channel) -> Iterator[None]:
    """Announce a channel whose state differs after the block."""
    before = channel.shown
    yield
    if channel.shown != before:
        _touch(changes, channel)


def _delivery(channel: Channel, changes: UserChanges) -> ChannelDelivery:
    return ChannelDelivery(
        user_id=changes.user_id,
        destination_id=channel.id,
        channel=channel,
        status=DeliveryStatus.PENDING.value,
        attempts=0,
        next_attempt_at=changes.now,
        created_at=changes.now,
    )


def _touch(changes: UserChanges, channel: Channel) -> None:
    channel.version += 1
    channel.updated_at = changes.now
    _announce(changes, channel, "updated")


def _announce(changes: UserChanges, channel: Channel, action: Action) -> None:
    changes.announce("channel", action, channel.id, ChannelView.model_validate(channel).as_value())
