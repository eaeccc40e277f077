"""What people do with their accounts: sign up, log in, edit their profile."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from todoapp.accounts.errors import EmailTaken, WrongCredentials
from todoapp.accounts.model import User
from todoapp.accounts.passwords import hash_password, is_outdated, verify_password
from todoapp.accounts.sessions import Issuer, Tokens, open_session
from todoapp.accounts.view import UserView
from todoapp.database import Database
from todoapp.messaging.outbox import UnknownUser, UserChanges

__all__ = ["LoggedIn", "NewAccount", "ProfileEdit", "edit_profile", "get_user", "log_in", "sign_up"]


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
    database: Database, issuer: Issuer, account: NewAccount, password: str, *, now: datetime
) -> LoggedIn:
    """Create an account and log in.

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
            tokens = await open_session(session, issuer, user.id, now=now)
    except IntegrityError as error:
        raise EmailTaken from error
    return LoggedIn(UserView.model_validate(user), tokens)


async def log_in(database: Database, issuer: Issuer, *, email: str, password: str, now: datetime) -> LoggedIn:
    """Open a session.

    Raises:
        WrongCredentials
    """
    async with database.read() as session:
        user = await session.scalar(select(User).where(User.email == email))
    if not await verify_password(password, user.password_hash if user else None) or user is None:
        raise WrongCredentials
    renewed = await hash_password(password) if is_outdated(user.password_hash) else None
    async with database.write() as session:
        if renewed:
            await session.execute(update(User).where(User.id == user.id).values(password_hash=renewed))
        tokens = await open_session(session, issuer, user.id, now=now)
    return LoggedIn(UserView.model_validate(user), tokens)


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
    changes.announce("user", "updated", user.id, UserView.model_validate(user).model_dump(mode="json"))
