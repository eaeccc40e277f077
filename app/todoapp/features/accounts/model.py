"""Accounts, the sessions in which people use them, and the tokens with which programs do."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from todoapp.kit.database import Base, JsonValue, new_id

__all__ = ["ApiToken", "RefreshToken", "User", "UserSession"]


class User(Base):
    __tablename__ = "users"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    email: Mapped[str] = mapped_column(unique=True)
    """In lower case, so that one address has one account."""
    name: Mapped[str]
    password_hash: Mapped[str]
    timezone: Mapped[str]
    change_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    """The number of the newest change of this user's data; changed by the outbox only."""
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]


class UserSession(Base):
    """One log-in on one device, and all refresh tokens that came from it."""

    __tablename__ = "sessions"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    user_agent: Mapped[str] = mapped_column(default="")
    """What the client called itself at the log-in, for its owner to recognise it by."""
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime]
    """When it was opened or last refreshed."""
    expires_at: Mapped[datetime] = mapped_column(index=True)
    """Moves on with every refresh."""
    revoked_at: Mapped[datetime | None]


class RefreshToken(Base):
    __tablename__ = "refresh_tokens"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class ApiToken(Base):
    """A personal token of a program; deleting the row revokes it."""

    __tablename__ = "api_tokens"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    start: Mapped[str]
    """The first characters of the token, for its owner to tell it from others."""
    name: Mapped[str]
    scopes: Mapped[list[str]] = mapped_column(JsonValue)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    """Up to a few minutes behind."""
