"""Staying logged in: refresh tokens that work once."""

import logging
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from todoapp.features.accounts.devices import Devices
from todoapp.features.accounts.errors import InvalidRefreshToken, SessionNotFound
from todoapp.features.accounts.identity import SessionIdentity
from todoapp.features.accounts.model import RefreshToken, UserSession
from todoapp.features.accounts.sessions import end_session
from todoapp.features.accounts.token_hash import token_hash
from todoapp.features.accounts.tokens import AccessTokens
from todoapp.kit.database import col, new_id
from todoapp.messaging.outbox import Origin, Outbox, UnknownUser

__all__ = ["Issuer", "Tokens", "open_session", "refresh", "session_of"]

logger = logging.getLogger(__name__)

REPEAT_WINDOW = timedelta(seconds=10)
"""How long a used refresh token still works: an answer may be lost, and two tabs may ask at once."""


@dataclass(frozen=True)
class Issuer:
    """Makes the tokens of this installation."""

    access_tokens: AccessTokens
    devices: Devices
    refresh_lifetime: timedelta
    session_lifetime: timedelta
    """from the log-in; no refresh goes beyond"""


@dataclass(frozen=True)
class Tokens:
    access_token: str
    refresh_token: str
    expires_in: timedelta
    """of the access token"""
    refresh_expires_in: timedelta


class _Reused(Exception):
    """A refresh token was used twice: by its owner and by a thief, in either order."""

    def __init__(self, identity: SessionIdentity) -> None:
        super().__init__(identity.session_id)
        self.identity = identity


async def open_session(
    session: AsyncSession, issuer: Issuer, user_id: UUID, *, user_agent: str, now: datetime
) -> tuple[UserSession, Tokens]:
    opened = UserSession(
        id=new_id(),
        user_id=user_id,
        user_agent=user_agent,
        created_at=now,
        last_used_at=now,
        expires_at=_end_of(now, issuer, now=now),
    )
    session.add(opened)
    await session.flush()
    return opened, _issue(session, issuer, opened, now=now)


async def refresh(outbox: Outbox, issuer: Issuer, token: str, *, origin: Origin) -> Tokens:
    """Trade a refresh token for new tokens; it works once.

    Within `REPEAT_WINDOW` it works again as long as its successor was not used. The repetition gets another
    successor in place of that one, so a session never has two tokens that work. Any other reuse ends the
    session, for both the thief and the owner (RFC 9700 §4.14.2).

    Raises:
        InvalidRefreshToken
    """
    try:
        async with outbox.database.write() as session:
            return await _rotate(session, issuer, token, origin.now)
    except _Reused as reused:
        await _end_stolen(outbox, reused.identity, origin)
        raise InvalidRefreshToken from reused


async def session_of(session: AsyncSession, token: str, *, now: datetime) -> SessionIdentity | None:
    """The open session that a refresh token belongs to, without using it."""
    found = await session.get(RefreshToken, token_hash(token))
    if found is None or found.expires_at <= now:
        return None
    opened = await session.get_one(UserSession, found.session_id)
    if opened.revoked_at is not None:
        return None
    return SessionIdentity(user_id=opened.user_id, session_id=opened.id)


async def _rotate(session: AsyncSession, issuer: Issuer, token: str, now: datetime) -> Tokens:
    # The lock on the session makes all uses of its tokens follow one another; a token is read after it.
    opened = await session.scalar(
        select(UserSession)
        .join(RefreshToken, col(RefreshToken.session_id) == col(UserSession.id))
        .where(col(RefreshToken.token_hash) == token_hash(token))
        .with_for_update(of=UserSession)
    )
    presented = await session.get(RefreshToken, token_hash(token))
    if opened is None or presented is None or presented.expires_at <= now or opened.revoked_at is not None:
        raise InvalidRefreshToken
    expires_at = _end_of(opened.created_at, issuer, now=now)
    if expires_at <= now:
        raise InvalidRefreshToken
    if presented.used_at is not None:
        await _take_back(session, opened, presented, now)
    presented.used_at = presented.used_at or now
    opened.last_used_at = now
    opened.expires_at = expires_at
    tokens = _issue(session, issuer, opened, now=now)
    presented.successor_hash = token_hash(tokens.refresh_token)
    return tokens


async def _take_back(
    session: AsyncSession, opened: UserSession, presented: RefreshToken, now: datetime
) -> None:
    """Remove the successor of a token that comes again in time.

    Raises:
        _Reused: it comes too late, or its successor was used.
    """
    successor = await session.get(RefreshToken, presented.successor_hash or b"")
    used_at = presented.used_at or now
    if now - used_at > REPEAT_WINDOW or successor is None or successor.used_at is not None:
        raise _Reused(SessionIdentity(user_id=opened.user_id, session_id=opened.id))
    await session.delete(successor)


async def _end_stolen(outbox: Outbox, identity: SessionIdentity, origin: Origin) -> None:
    logger.warning("Refresh token reused; ending its session", extra={"user_id": identity.user_id})
    # If the session or its account has ended already, there is nothing left to do.
    with suppress(SessionNotFound, UnknownUser):
        async with outbox.changes(identity.user_id, origin) as changes:
            await end_session(changes, identity.session_id)


def _end_of(opened_at: datetime, issuer: Issuer, *, now: datetime) -> datetime:
    """When a session ends unless it is refreshed before."""
    return min(now + issuer.refresh_lifetime, opened_at + issuer.session_lifetime)


def _issue(session: AsyncSession, issuer: Issuer, opened: UserSession, *, now: datetime) -> Tokens:
    refresh_token = secrets.token_urlsafe(32)
    session.add(
        RefreshToken(token_hash=token_hash(refresh_token), session_id=opened.id, expires_at=opened.expires_at)
    )
    identity = SessionIdentity(user_id=opened.user_id, session_id=opened.id)
    ends_at = min(now + issuer.access_tokens.lifetime, opened.created_at + issuer.session_lifetime)
    return Tokens(
        access_token=issuer.access_tokens.issue(identity, now=now, ends_at=ends_at),
        refresh_token=refresh_token,
        expires_in=ends_at - now,
        refresh_expires_in=opened.expires_at - now,
    )
