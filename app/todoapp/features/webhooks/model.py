"""Webhooks, and the log of what was sent to them."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Index, Text, UniqueConstraint
from sqlmodel import Field, Relationship

from todoapp.features.outgoing.claiming import Lane
from todoapp.features.outgoing.delivery import Delivery, queue_indexes
from todoapp.features.outgoing.destination import Destination
from todoapp.kit.database import Instant, JsonValue

__all__ = ["WEBHOOKS", "Webhook", "WebhookDelivery"]


class Webhook(Destination, table=True):
    """A URL that is told of some of a user's events."""

    __tablename__ = "webhooks"

    url: str = Field(sa_type=Text)
    event_types: list[str] = Field(sa_type=JsonValue)
    enabled: bool
    sealed_secret: str = Field(sa_type=Text, repr=False)
    """Signs what is sent; see `todoapp.kit.sealing`."""
    sealed_old_secret: str | None = Field(default=None, sa_type=Text, repr=False)
    """Signs as well until `old_secret_ends_at`, so that the receiver can change over in its own time."""
    old_secret_ends_at: datetime | None = Field(default=None, sa_type=Instant)
    version: int
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)


class WebhookDelivery(Delivery, table=True):
    """One event on its way to one webhook; the rows of a webhook are its log."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        UniqueConstraint("destination_id", "event_id"),
        Index("ix_webhook_deliveries_log", "destination_id", "created_at", "id"),
        *queue_indexes("webhook_deliveries"),
    )

    destination_id: UUID = Field(foreign_key="webhooks.id", ondelete="CASCADE")
    event_id: UUID
    event_type: str
    body: str = Field(sa_type=Text)
    """The CloudEvent, byte for byte what is signed and sent"""
    last_status: int | None = None
    """HTTP status of the last answer; null when there was none"""
    created_at: datetime = Field(sa_type=Instant, index=True)

    webhook: Webhook = Relationship(sa_relationship_kwargs={"lazy": "joined", "innerjoin": True})


WEBHOOKS = Lane(name="webhooks", kind=WebhookDelivery, destination=Webhook, places=8, kept=timedelta(days=2))
