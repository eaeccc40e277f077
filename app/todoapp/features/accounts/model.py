"""Accounts, the sessions in which people use them, and the tokens with which programs do."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger
from sqlmodel import Field

from todoapp.kit.database import Base, Instant, JsonValue, new_id

__all__ = ["ApiToken", "Guesses", "OneTimeLink", "RefreshToken", "User", "UserSession"]


class User(Base, table=True):
    __tablename__ = "users"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    email: str = Field(unique=True)
    """In lower case, so that one address has one account."""
    name: str
    password_hash: str = Field(repr=False)
    timezone: str
    change_seq: int = Field(default=0, sa_type=BigInteger)
    """The number of the newest change of this user's data; changed by the outbox only."""
    used_tasks: int = 0
    """How much there is of what has a limit; changed by the outbox only, as all that follow."""
    used_tags: int = 0
    used_bytes: int = Field(default=0, sa_type=BigInteger)
    used_tokens: int = 0
    used_webhooks: int = 0
    used_channels: int = 0
    version: int = 1
    created_at: datetime = Field(sa_type=Instant)
    email_verified_at: datetime | None = Field(default=None, sa_type=Instant)
    """When a link to this address was opened, if ever."""
    disabled_at: datetime | None = Field(default=None, sa_type=Instant)
    """Since when nobody may use the account; what is in it stays."""

    @property
    def email_verified(self) -> bool:
        return self.email_verified_at is not None


class UserSession(Base, table=True):
    """One log-in on one device, and all refresh tokens that came from it."""

    __tablename__ = "sessions"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    user_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE", index=True)
    user_agent: str = ""
    """What the client called itself at the log-in, for its owner to recognise it by."""
    created_at: datetime = Field(sa_type=Instant)
    last_used_at: datetime = Field(sa_type=Instant)
    """When it was opened or last refreshed."""
    expires_at: datetime = Field(sa_type=Instant, index=True)
    """Moves on with every refresh, up to the end that counts from `created_at`."""
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)


class RefreshToken(Base, table=True):
    __tablename__ = "refresh_tokens"

    token_hash: bytes = Field(primary_key=True)
    session_id: UUID = Field(foreign_key="sessions.id", ondelete="CASCADE", index=True)
    expires_at: datetime = Field(sa_type=Instant)
    used_at: datetime | None = Field(default=None, sa_type=Instant)
    successor_hash: bytes | None = None
    """The token that its last use gave; while nobody has used that, this one may come again for a moment."""


class Guesses(Base, table=True):
    """The wrong passwords of an account, a device or a network address, as in a bucket that leaks."""

    __tablename__ = "guesses"

    key: bytes = Field(primary_key=True)
    full_at: datetime = Field(sa_type=Instant, index=True)
    """When all guesses are there again; the row is good for nothing afterwards."""


class ApiToken(Base, table=True):
    """A personal token of a program; deleting the row revokes it."""

    __tablename__ = "api_tokens"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    user_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE", index=True)
    token_hash: bytes = Field(unique=True)
    start: str
    """The first characters of the token, for its owner to tell it from others."""
    name: str
    scopes: list[str] = Field(sa_type=JsonValue)
    created_at: datetime = Field(sa_type=Instant)
    expires_at: datetime | None = Field(default=None, sa_type=Instant)
    last_used_at: datetime | None = Field(default=None, sa_type=Instant)
    """Up to a few minutes behind."""


class OneTimeLink(Base, table=True):
    """A link that works once. A row that is due is a link to be sent; its token is made while sending."""

    __tablename__ = "one_time_links"

    key: bytes = Field(primary_key=True)
    """Of purpose, address and account, so asking again replaces the link before."""
    purpose: str
    email: str
    """Who gets it; in lower case."""
    user_id: UUID | None = Field(default=None, foreign_key="users.id", ondelete="CASCADE", index=True)
    """Whose account it changes; None until it is sent, and for a new account."""
    token_hash: bytes | None = Field(default=None, unique=True)
    attempts: int = 0
    next_attempt_at: datetime | None = Field(default=None, sa_type=Instant, index=True)
    """When it is to be sent; None if it was, or if a person hands it over."""
    expires_at: datetime = Field(sa_type=Instant, index=True)
