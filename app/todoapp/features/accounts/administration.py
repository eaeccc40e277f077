"""What the people who run an installation do with accounts."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from todoapp.features.accounts.errors import AccountNotFound, EmailTaken
from todoapp.features.accounts.model import User, UserSession
from todoapp.features.accounts.passwords import hash_password
from todoapp.features.accounts.service import NewAccount, get_user, store_hash
from todoapp.features.accounts.sessions import end_all_sessions
from todoapp.features.accounts.view import AccountView, UserView
from todoapp.kit.database import Database, col
from todoapp.messaging.outbox import Origin, Outbox, UserChanges

__all__ = ["disable", "enable", "find_account", "invite", "list_accounts", "reset_password"]

PASSWORD_BYTES = 18


async def list_accounts(session: AsyncSession) -> Sequence[AccountView]:
    """All accounts by address, with the last time at which one of their sessions was opened or refreshed."""
    used = select(col(UserSession.user_id), func.max(col(UserSession.last_used_at)).label("last_used_at"))
    by_user = used.group_by(col(UserSession.user_id)).subquery()
    columns = (User.id, User.email, User.name, User.used_tasks, User.created_at, User.disabled_at)
    query = select(*map(col, columns), by_user.c.last_used_at).outerjoin(
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


async def invite(database: Database, account: NewAccount, *, now: datetime) -> str:
    """Make an account, also where people cannot sign up.

    Returns:
        Its password.

    Raises:
        EmailTaken
    """
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    user = User(
        email=account.email,
        name=account.name,
        timezone=account.timezone,
        password_hash=await hash_password(password),
        created_at=now,
    )
    try:
        async with database.write() as session:
            session.add(user)
    except IntegrityError as error:
        raise EmailTaken from error
    return password


async def reset_password(outbox: Outbox, user_id: UUID, origin: Origin) -> str:
    """Give an account a password that nobody knew before, and end all its sessions.

    Returns:
        The password.

    Raises:
        UnknownUser
    """
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    password_hash = await hash_password(password)
    async with outbox.changes(user_id, origin) as changes:
        await store_hash(changes, password_hash)
        await end_all_sessions(changes)
    return password


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
