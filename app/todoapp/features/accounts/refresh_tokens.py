"""Staying logged in: refresh tokens that work once."""

import logging
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from todoapp.features.accounts.errors import InvalidRefreshToken, SessionNotFound
from todoapp.features.accounts.identity import SessionIdentity
from todoapp.features.accounts.model import RefreshToken, UserSession
from todoapp.features.accounts.sessions import end_session
from todoapp.features.accounts.token_hash import token_hash
from todoapp.features.accounts.tokens import AccessTokens
from todoapp.kit.database import new_id
from todoapp.messaging.outbox import Origin, Outbox, UnknownUser

__all__ = ["Issuer", "Tokens", "open_session", "refresh"]

logger = logging.getLogger(__name__)

REPEAT_WINDOW = timedelta(seconds=10)
"""How long a used refresh token still works: an answer may be lost, and two tabs may ask at once."""


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
        expires_at=now + issuer.refresh_lifetime,
    )
    session.add(opened)
    await session.flush()
    return opened, _issue(session, issuer, opened, now=now)


async def refresh(outbox: Outbox, issuer: Issuer, token: str, *, origin: Origin) -> Tokens:
    """Trade a refresh token for new tokens; it works once.

    A token that is used again after `REPEAT_WINDOW` ends its session, for both the thief and the
    owner (RFC 9700 §4.14.2).

    Raises:
        InvalidRefreshToken
    """
    try:
        async with outbox.database.write() as session:
            return await _rotate(session, issuer, token, origin.now)
    except _Reused as reused:
        await _end_stolen(outbox, reused.identity, origin)
        raise InvalidRefreshToken from reused


async def _rotate(session: AsyncSession, issuer: Issuer, token: str, now: datetime) -> Tokens:
    presented = await session.get(RefreshToken, token_hash(token), with_for_update=True)
    if presented is None or presented.expires_at <= now:
        raise InvalidRefreshToken
    opened = await session.get_one(UserSession, presented.session_id, with_for_update=True)
    if opened.revoked_at is not None:
        raise InvalidRefreshToken
    if presented.used_at is not None and now - presented.used_at > REPEAT_WINDOW:
        raise _Reused(SessionIdentity(user_id=opened.user_id, session_id=opened.id))
    presented.used_at = presented.used_at or now
    opened.last_used_at = now
    opened.expires_at = now + issuer.refresh_lifetime
    return _issue(session, issuer, opened, now=now)


async def _end_stolen(outbox: Outbox, identity: SessionIdentity, origin: Origin) -> None:
    logger.warning("Refresh token reused; ending its session", extra={"user_id": identity.user_id})
    # If the session or its account has ended already, there is nothing left to do.
    with suppress(SessionNotFound, UnknownUser):
        async with outbox.changes(identity.user_id, origin) as changes:
            await end_session(changes, identity.session_id)


def _issue(session: AsyncSession, issuer: Issuer, opened: UserSession, *, now: datetime) -> Tokens:
    refresh_token = secrets.token_urlsafe(32)
    session.add(
        RefreshToken(token_hash=token_hash(refresh_token), session_id=opened.id, expires_at=opened.expires_at)
    )
    identity = SessionIdentity(user_id=opened.user_id, session_id=opened.id)
    return Tokens(
        access_token=issuer.access_tokens.issue(identity, now=now),
        refresh_token=refresh_token,
        expires_in=issuer.access_tokens.lifetime,
    )
