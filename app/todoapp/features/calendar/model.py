"""Secret URLs at which calendars may be read."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from todoapp.kit.database import Base, Instant

__all__ = ["CalendarFeed"]


class CalendarFeed(Base, table=True):
    """The one calendar of a user. Who has the URL may read it, because calendar clients send no token."""

    __tablename__ = "calendar_feeds"

    user_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE", primary_key=True)
    secret_hash: bytes = Field(unique=True)
    created_at: datetime = Field(sa_type=Instant)
