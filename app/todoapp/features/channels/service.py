"""Keeping a person's channels, and handing notifications to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from todoapp.features.channels.errors import ChannelNotFound, TooManyChannels
from todoapp.features.channels.model import Channel, ChannelDelivery
from todoapp.features.channels.view import ChannelView
from todoapp.features.outgoing.delivery import DeliveryStatus
from todoapp.kit import owned
from todoapp.kit.database import col
from todoapp.messaging.event import Action
from todoapp.messaging.outbox import UserChanges

__all__ = ["Address", "create", "delete", "deliveries_to", "list_all", "own", "update"]

MOST = 20


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
        TooManyChannels
    """
    await owned.refuse_above(MOST, changes.session, Channel, changes.user_id, TooManyChannels)
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
    """Rename a channel, and lead it elsewhere unless `address` is None."""
    if address is None and name == channel.name:
        return
    channel.name = name
    if address is not None:
        channel.kind, channel.sealed_url = address.kind, address.sealed_url
    channel.version += 1
    channel.updated_at = changes.now
    _announce(changes, channel, "updated")


async def delete(changes: UserChanges, channel: Channel) -> None:
    """Remove a channel, and with it all that was sent through it or still waits."""
    await changes.session.delete(channel)
    changes.announce("channel", "deleted", channel.id)


def deliveries_to(channels: Sequence[Channel], changes: UserChanges) -> list[ChannelDelivery]:
    """A delivery of one notification to each of the channels, due at once."""
    return [
        ChannelDelivery(
            user_id=changes.user_id,
            destination_id=channel.id,
            channel=channel,
            status=DeliveryStatus.PENDING.value,
            attempts=0,
            next_attempt_at=changes.now,
            created_at=changes.now,
        )
        for channel in channels
    ]


def _announce(changes: UserChanges, channel: Channel, action: Action) -> None:
    changes.announce("channel", action, channel.id, ChannelView.model_validate(channel).as_value())
