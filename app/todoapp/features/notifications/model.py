"""What a person was told."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column, relationship

from todoapp.features.channels.model import ChannelDelivery
from todoapp.kit.database import Base, new_id

__all__ = ["Notification"]


class Notification(Base):
    __tablename__ = "notifications"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("users.id", ondelete="CASCADE"))
    task_id: Mapped[UUID | None]
    """Kept when the task is deleted."""
    reminder_id: Mapped[UUID | None]
    reminder_due_at: Mapped[datetime | None]
    """With `reminder_id` unique: a reminder fires once for each instant it was set to."""
    kind: Mapped[str]
    message: Mapped[str] = mapped_column(Text)
    read_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(index=True)

    deliveries: Mapped[list[ChannelDelivery]] = relationship(
        lazy="selectin", order_by=ChannelDelivery.id, passive_deletes=True
    )
    """How it fares on each channel."""

    __table_args__ = (
        UniqueConstraint("reminder_id", "reminder_due_at"),
        Index("ix_notifications_user_created", "user_id", "created_at", "id"),
    )
