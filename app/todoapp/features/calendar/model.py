"""Secret URLs at which calendars may be read."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from todoapp.kit.database import Base

__all__ = ["CalendarFeed"]


class CalendarFeed(Base):
    """The one calendar of a user. Who has the URL may read it, because calendar clients send no token."""

    __tablename__ = "calendar_feeds"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_at: Mapped[datetime]
