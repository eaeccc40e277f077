"""What the people who run an installation do with accounts."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from todoapp.features.accounts.errors import AccountNotFound, EmailTaken
from todoapp.features.accounts.model import User, UserSession
from todoapp.features.accounts.one_time_links import IssuedLink, Purpose, make
from todoapp.features.accounts.service import get_user
from todoapp.features.accounts.sessions import end_all_sessions
from todoapp.features.accounts.view import AccountView, UserView
from todoapp.kit.database import col
from todoapp.messaging.outbox import UserChanges

__all__ = ["disable", "enable", "find_account", "invite", "list_accounts", "reset_password"]

COLUMNS = (
    User.id,
    User.email,
    User.name,
    User.used_tasks,
    User.created_at,
    User.email_verified_at,
    User.disabled_at,
)


async def list_accounts(session: AsyncSession) -> Sequence[AccountView]:
    """All accounts by address, with the last time at which one of their sessions was opened or refreshed."""
    used = select(col(UserSession.user_id), func.max(col(UserSession.last_used_at)).label("last_used_at"))
    by_user = used.group_by(col(UserSession.user_id)).subquery()
    query = select(*map(col, COLUMNS), by_user.c.last_used_at).outerjoin(
        by_user, by_user.c.user_id == col(User.id)
    )
    return [AccountView.model_validate(row) for row in await session.execute(query.order_by(col(User.email)))]


async def find_account(session: AsyncSession, email: str) -> UUID:
    """The id of the account with this address, in upper or lower case.

    Raises:
        AccountNotFound
    """
    found = await session.scalar(select(col(User.id)).where(col(User.email) == email.lower()))
    if found is None:
        raise AccountNotFound(email)
    return found


async def invite(session: AsyncSession, email: str, *, now: datetime) -> IssuedLink:
    """Make a link by which the owner of an address makes an account, also where people cannot sign up.

    Raises:
        EmailTaken
    """
    if await session.scalar(select(col(User.id)).where(col(User.email) == email)) is not None:
        raise EmailTaken
    return await make(session, Purpose.INVITATION, email, now=now)


async def reset_password(changes: UserChanges) -> IssuedLink:
    """Make a link by which a person sets a new password."""
    user = await get_user(changes.session, changes.user_id)
    return await make(changes.session, Purpose.RESET, user.email, now=changes.now, user_id=user.id)


async def disable(changes: UserChanges) -> None:
    """End all sessions, and let nobody use the account, by no token and no URL, until it is enabled."""
    user = await get_user(changes.session, changes.user_id)
    user.disabled_at = user.disabled_at or changes.now
    await end_all_sessions(changes)
    _announce(changes, user)


async def enable(changes: UserChanges) -> None:
    """Take back that the account was disabled. Its API tokens and URLs work again."""
    user = await get_user(changes.session, changes.user_id)
    user.disabled_at = None
    _announce(changes, user)


def _announce(changes: UserChanges, user: User) -> None:
    """Let all processes ask again who may do what."""
    changes.announce("user", "updated", user.id, UserView.model_validate(user).as_value())
