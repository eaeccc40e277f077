"""Channels, and what is sent through them."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import ForeignKey, Text, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column, relationship

from todoapp.features.outgoing.delivery import Delivery, due_index
from todoapp.kit.database import Base, new_id

__all__ = ["Channel", "ChannelDelivery"]


class Channel(Base):
    """A service that takes messages for a person."""

    __tablename__ = "channels"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    kind: Mapped[str]
    sealed_url: Mapped[str] = mapped_column(Text)
    """The URL holds the service's credentials; see `todoapp.kit.sealing`."""
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class ChannelDelivery(Delivery, Base):
    """One notification on its way through one channel."""

    __tablename__ = "channel_deliveries"
    destinations: ClassVar[str] = Channel.__tablename__

    notification_id: Mapped[UUID] = mapped_column(
        Uuid, ForeignKey("notifications.id", ondelete="CASCADE"), index=True
    )
    channel: Mapped[Channel] = relationship(lazy="joined", innerjoin=True)

    __table_args__ = (UniqueConstraint("destination_id", "notification_id"), due_index("channel_deliveries"))
