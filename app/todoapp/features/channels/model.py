"""Channels, and what is sent through them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Text, UniqueConstraint
from sqlmodel import Field, Relationship

from todoapp.features.outgoing.delivery import Delivery, due_index
from todoapp.kit.database import Base, Instant, new_id

__all__ = ["Channel", "ChannelDelivery"]


class Channel(Base, table=True):
    """A service that takes messages for a person."""

    __tablename__ = "channels"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    user_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE", index=True)
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
    __table_args__ = (UniqueConstraint("destination_id", "notification_id"), due_index("channel_deliveries"))

    destination_id: UUID = Field(foreign_key="channels.id", ondelete="CASCADE")
    notification_id: UUID = Field(
        default=None, foreign_key="notifications.id", ondelete="CASCADE", index=True, nullable=False
    )
    """Comes from the notification whose `deliveries` it joins."""

    channel: Channel = Relationship(sa_relationship_kwargs={"lazy": "joined", "innerjoin": True})
