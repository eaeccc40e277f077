"""What a person was told."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Text, UniqueConstraint
from sqlmodel import Field, Relationship

from todoapp.features.channels.model import ChannelDelivery
from todoapp.kit.database import Base, Instant, new_id

__all__ = ["Notification"]


class Notification(Base, table=True):
    __tablename__ = "notifications"
    __table_args__ = (
        UniqueConstraint("reminder_id", "reminder_due_at"),
        Index("ix_notifications_user_created", "user_id", "created_at", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    user_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE")
    task_id: UUID | None = None
    """Kept when the task is deleted."""
    reminder_id: UUID | None = None
    reminder_due_at: datetime | None = Field(default=None, sa_type=Instant)
    """With `reminder_id` unique: a reminder fires once for each instant it was set to."""
    kind: str
    message: str = Field(sa_type=Text)
    read_at: datetime | None = Field(default=None, sa_type=Instant)
    created_at: datetime = Field(sa_type=Instant, index=True)

    deliveries: list[ChannelDelivery] = Relationship(
        sa_relationship_kwargs={
            "lazy": "selectin",
            "order_by": "ChannelDelivery.id",
            "passive_deletes": True,
        }
    )
    """How it fares on each channel."""
