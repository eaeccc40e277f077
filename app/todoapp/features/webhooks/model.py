"""Webhooks, and the log of what was sent to them."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column, relationship

from todoapp.features.outgoing.delivery import Delivery, due_index
from todoapp.kit.database import Base, JsonValue, new_id

__all__ = ["Webhook", "WebhookDelivery"]


class Webhook(Base):
    """A URL that is told of some of a user's events."""

    __tablename__ = "webhooks"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("users.id", ondelete="CASCADE"), index=True)
    url: Mapped[str] = mapped_column(Text)
    event_types: Mapped[list[str]] = mapped_column(JsonValue)
    enabled: Mapped[bool]
    sealed_secret: Mapped[str] = mapped_column(Text)
    """Signs what is sent; see `todoapp.kit.sealing`."""
    sealed_old_secret: Mapped[str | None] = mapped_column(Text)
    """Signs as well until `old_secret_ends_at`, so that the receiver can change over in its own time."""
    old_secret_ends_at: Mapped[datetime | None]
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class WebhookDelivery(Delivery, Base):
    """One event on its way to one webhook; the rows of a webhook are its log."""

    __tablename__ = "webhook_deliveries"
    destinations: ClassVar[str] = Webhook.__tablename__

    event_id: Mapped[UUID]
    event_type: Mapped[str]
    body: Mapped[str] = mapped_column(Text)
    """The CloudEvent, byte for byte what is signed and sent"""
    last_status: Mapped[int | None]
    """HTTP status of the last answer; null when there was none"""
    created_at: Mapped[datetime] = mapped_column(index=True)
    webhook: Mapped[Webhook] = relationship(lazy="joined", innerjoin=True)

    __table_args__ = (
        UniqueConstraint("destination_id", "event_id"),
        Index("ix_webhook_deliveries_log", "destination_id", "created_at", "id"),
        due_index("webhook_deliveries"),
    )
