"""Channels, and what is sent through them."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Text, UniqueConstraint
from sqlmodel import Field, Relationship

from todoapp.features.outgoing.claiming import Lane
from todoapp.features.outgoing.delivery import Delivery, queue_indexes
from todoapp.features.outgoing.destination import Destination
from todoapp.kit.database import Instant, col

__all__ = ["REMINDERS", "TESTS", "Channel", "ChannelDelivery"]


class Channel(Destination, table=True):
    """A service that takes messages for a person."""

    __tablename__ = "channels"

    name: str
    kind: str
    sealed_url: str = Field(sa_type=Text, repr=False)
    """The URL holds the service's credentials; see `todoapp.kit.sealing`."""
    version: int
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)


class ChannelDelivery(Delivery, table=True):
    """One notification on its way through one channel."""

    __tablename__ = "channel_deliveries"
    __table_args__ = (
        UniqueConstraint("destination_id", "notification_id"),
        *queue_indexes("channel_deliveries"),
    )

    destination_id: UUID = Field(foreign_key="channels.id", ondelete="CASCADE")
    notification_id: UUID = Field(
        default=None, foreign_key="notifications.id", ondelete="CASCADE", index=True, nullable=False
    )
    """Comes from the notification whose `deliveries` it joins."""
    is_test: bool = False
    """Whether its user only tries the channel"""

    channel: Channel = Relationship(sa_relationship_kwargs={"lazy": "joined", "innerjoin": True})


REMINDERS = Lane(
    name="reminders",
    kind=ChannelDelivery,
    destination=Channel,
    places=8,
    kept=timedelta(hours=3),
    only=col(ChannelDelivery.is_test).is_(False),
)
TESTS = Lane(
    name="tests",
    kind=ChannelDelivery,
    destination=Channel,
    places=2,
    kept=timedelta(hours=3),
    only=col(ChannelDelivery.is_test).is_(True),
    is_trial=True,
)
"""A test is how a person finds out whether a paused channel works again."""
