"""Staying logged in: refresh tokens that work once, and the sessions they belong to."""

import hashlib
import logging
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from todoapp.accounts.errors import InvalidRefreshToken
from todoapp.accounts.model import RefreshToken, UserSession
from todoapp.accounts.tokens import AccessTokens, Identity
from todoapp.database import Database, new_id

__all__ = ["Issuer", "Tokens", "forget_ended_sessions", "log_out", "open_session", "refresh"]

logger = logging.getLogger(__name__)

REPEAT_WINDOW = timedelta(seconds=10)
"""For so long a used refresh token still works: an answer may be lost, and two tabs may ask at once."""


@dataclass(frozen=True)
class Issuer:
    """Makes the tokens of this installation."""

    access_tokens: AccessTokens
    refresh_lifetime: timedelta


@dataclass(frozen=True)
class Tokens:
    access_token: str
    refresh_token: str
    expires_in: timedelta
    """of the access token"""


async def open_session(session: AsyncSession, issuer: Issuer, user_id: UUID, *, now: datetime) -> Tokens:
    opened = UserSession(
        id=new_id(), user_id=user_id, created_at=now, expires_at=now + issuer.refresh_lifetime
    )
    session.add(opened)
    await session.flush()
    return _issue(session, issuer, opened, now=now)


async def refresh(database: Database, issuer: Issuer, token: str, *, now: datetime) -> Tokens:
    """Trade a refresh token for new tokens; it works once.

    One that comes again was stolen, or its thief was here first: the session ends for both
    (RFC 9700 §4.14.2), unless it comes within `REPEAT_WINDOW`.

    Raises:
        InvalidRefreshToken
    """
    async with database.write() as session:
        tokens = await _rotate(session, issuer, token, now)
    # Raised out here, because the end of a session is to be committed.
    if tokens is None:
        raise InvalidRefreshToken
    return tokens


async def log_out(database: Database, session_id: UUID, *, now: datetime) -> None:
    """End a session: its refresh tokens are worth nothing from here on."""
    still_open = (UserSession.id == session_id) & UserSession.revoked_at.is_(None)
    async with database.write() as session:
        await session.execute(update(UserSession).where(still_open).values(revoked_at=now))


async def forget_ended_sessions(database: Database, *, now: datetime) -> None:
    """Delete the sessions whose last refresh token has expired."""
    async with database.write() as session:
        await session.execute(delete(UserSession).where(UserSession.expires_at <= now))


async def _rotate(session: AsyncSession, issuer: Issuer, token: str, now: datetime) -> Tokens | None:
    presented = await session.get(RefreshToken, _hash(token), with_for_update=True)
    if presented is None or presented.expires_at <= now:
        return None
    opened = await session.get_one(UserSession, presented.session_id, with_for_update=True)
    if opened.revoked_at is not None:
        return None
    if presented.used_at is not None and now - presented.used_at > REPEAT_WINDOW:
        logger.warning("A refresh token came twice; its session ends", extra={"user_id": str(opened.user_id)})
        opened.revoked_at = now
        return None
    presented.used_at = presented.used_at or now
    opened.expires_at = now + issuer.refresh_lifetime
    return _issue(session, issuer, opened, now=now)


def _issue(session: AsyncSession, issuer: Issuer, opened: UserSession, *, now: datetime) -> Tokens:
    refresh_token = secrets.token_urlsafe(32)
    session.add(
        RefreshToken(token_hash=_hash(refresh_token), session_id=opened.id, expires_at=opened.expires_at)
    )
    identity = Identity(user_id=opened.user_id, session_id=opened.id)
    return Tokens(
        access_token=issuer.access_tokens.issue(identity, now=now),
        refresh_token=refresh_token,
        expires_in=issuer.access_tokens.lifetime,
    )


def _hash(token: str) -> bytes:
    """A token is random enough that a plain hash of it leads nobody back."""
    return hashlib.sha256(token.encode()).digest()
