"""What people do with their accounts: sign up, log in, edit their profile, change the password."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from todoapp.features.accounts.errors import EmailTaken, WrongCredentials, WrongPassword
from todoapp.features.accounts.identity import SessionIdentity
from todoapp.features.accounts.model import User
from todoapp.features.accounts.passwords import hash_password, is_outdated, verify_password
from todoapp.features.accounts.refresh_tokens import Issuer, Tokens, open_session
from todoapp.features.accounts.sessions import end_other_sessions
from todoapp.features.accounts.view import SessionView, UserView
from todoapp.kit.database import Database, col
from todoapp.messaging.outbox import Origin, Outbox, UnknownUser, UserChanges

__all__ = [
    "LoggedIn",
    "NewAccount",
    "ProfileEdit",
    "changing_password",
    "edit_profile",
    "get_user",
    "log_in",
    "sign_up",
]


@dataclass(frozen=True)
class NewAccount:
    email: str
    """in lower case"""
    name: str
    timezone: str


@dataclass(frozen=True)
class LoggedIn:
    user: UserView
    tokens: Tokens


async def sign_up(
    database: Database, issuer: Issuer, account: NewAccount, password: str, *, user_agent: str, now: datetime
) -> LoggedIn:
    """Create an account and log in. Its feed of changes begins empty.

    Raises:
        EmailTaken
    """
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
            await session.flush()
            _, tokens = await open_session(session, issuer, user.id, user_agent=user_agent, now=now)
    except IntegrityError as error:
        raise EmailTaken from error
    return LoggedIn(UserView.model_validate(user), tokens)


async def log_in(
    outbox: Outbox, issuer: Issuer, *, email: str, password: str, user_agent: str, origin: Origin
) -> LoggedIn:
    """Open a session.

    Raises:
        WrongCredentials
        UnknownUser: the account was deleted at the same time.
    """
    async with outbox.database.read() as session:
        user = await session.scalar(select(User).where(col(User.email) == email))
    if not await verify_password(password, user.password_hash if user else None) or user is None:
        raise WrongCredentials
    renewed = await hash_password(password) if is_outdated(user.password_hash) else None
    async with outbox.changes(user.id, origin) as changes:
        if renewed:
            await _store_hash(changes, renewed)
        opened, tokens = await open_session(
            changes.session, issuer, user.id, user_agent=user_agent, now=changes.now
        )
        changes.announce("session", "created", opened.id, SessionView.model_validate(opened).as_value())
    return LoggedIn(UserView.model_validate(user), tokens)


@asynccontextmanager
async def changing_password(
    outbox: Outbox, identity: SessionIdentity, *, current: str, new: str, origin: Origin
) -> AsyncIterator[UserChanges]:
    """Set a new password and end all other sessions; what else is to end, ends in the block.

    Raises:
        WrongPassword: `current` is not the password, or was changed at the same time.
        UnknownUser
    """
    async with outbox.database.read() as session:
        known_hash = (await get_user(session, identity.user_id)).password_hash
    if not await verify_password(current, known_hash):
        raise WrongPassword
    new_hash = await hash_password(new)
    async with outbox.changes(identity.user_id, origin) as changes:
        if (await get_user(changes.session, identity.user_id)).password_hash != known_hash:
            raise WrongPassword
        await _store_hash(changes, new_hash)
        await end_other_sessions(changes, but=identity.session_id)
        yield changes


async def get_user(session: AsyncSession, user_id: UUID) -> User:
    """
    Raises:
        UnknownUser
    """
    user = await session.get(User, user_id)
    if user is None:
        raise UnknownUser(user_id)
    return user


@dataclass(frozen=True)
class ProfileEdit:
    """What is to change; None leaves it."""

    name: str | None = None
    timezone: str | None = None


def edit_profile(changes: UserChanges, user: User, edit: ProfileEdit) -> None:
    """Change a profile and announce it; an edit that changes nothing is not announced."""
    wanted = (edit.name or user.name, edit.timezone or user.timezone)
    if wanted == (user.name, user.timezone):
        return
    user.name, user.timezone = wanted
    user.version += 1
    changes.announce("user", "updated", user.id, UserView.model_validate(user).as_value())


async def _store_hash(changes: UserChanges, password_hash: str) -> None:
    mine = update(User).where(col(User.id) == changes.user_id)
    await changes.session.execute(mine.values(password_hash=password_hash))
