"""The sessions of a user: one for each log-in, until it is ended or nobody refreshes it any more."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from todoapp.features.accounts.errors import LogInAgain, SessionEnded, SessionNotFound
from todoapp.features.accounts.identity import SessionIdentity
from todoapp.features.accounts.model import User, UserSession
from todoapp.kit.database import col
from todoapp.messaging.outbox import UnknownUser, UserChanges

__all__ = [
    "end_all_sessions",
    "end_other_sessions",
    "end_session",
    "list_sessions",
    "require_fresh",
    "require_open",
]

FRESH = timedelta(minutes=5)
"""How long a person may do what a log-in is asked for again: somebody else may be at an unlocked device."""


async def list_sessions(session: AsyncSession, user_id: UUID, *, now: datetime) -> Sequence[UserSession]:
    """The open sessions of the user, the newest first."""
    query = select(UserSession).where(_open_sessions(user_id), col(UserSession.expires_at) > now)
    return (
        await session.scalars(query.order_by(col(UserSession.created_at).desc(), col(UserSession.id)))
    ).all()


async def end_session(changes: UserChanges, session_id: UUID) -> None:
    """End a session: its tokens are invalid from now on.

    Raises:
        SessionNotFound: the user has none of that id, or it has ended before.
    """
    if not await _end(changes, col(UserSession.id) == session_id):
        raise SessionNotFound(session_id)


async def end_all_sessions(changes: UserChanges) -> None:
    """End all sessions of the user."""
    await _end(changes, true())


async def end_other_sessions(changes: UserChanges, *, but: UUID) -> None:
    """End all sessions of the user except one."""
    await _end(changes, col(UserSession.id) != but)


async def require_open(session: AsyncSession, identity: SessionIdentity) -> None:
    """
    Raises:
        SessionEnded
        UnknownUser: the account is gone.
    """
    this_one = and_(col(UserSession.id) == identity.session_id, _open_sessions(identity.user_id))
    query = select(col(UserSession.id)).select_from(User).outerjoin(UserSession, this_one)
    found = (await session.execute(query.where(col(User.id) == identity.user_id))).one_or_none()
    if found is None:
        raise UnknownUser(identity.user_id)
    if found.id is None:
        raise SessionEnded


async def require_fresh(session: AsyncSession, identity: SessionIdentity, *, now: datetime) -> None:
    """Let through who logged in within the last minutes.

    Raises:
        LogInAgain
        SessionEnded
    """
    opened = await session.get(UserSession, identity.session_id)
    if opened is None:
        raise SessionEnded
    if now - opened.created_at > FRESH:
        raise LogInAgain(FRESH)


def _open_sessions(user_id: UUID) -> ColumnElement[bool]:
    return and_(col(UserSession.user_id) == user_id, col(UserSession.revoked_at).is_(None))


async def _end(changes: UserChanges, these: ColumnElement[bool]) -> bool:
    """Whether any was open. The feed tells the user's clients, and all processes to reject its tokens."""
    ended = (
        update(UserSession)
        .where(_open_sessions(changes.user_id), these)
        .values(revoked_at=changes.now)
        .returning(col(UserSession.id))
    )
    session_ids = (await changes.session.scalars(ended)).all()
    for session_id in session_ids:
        changes.announce("session", "deleted", session_id)
    return bool(session_ids)
