"""What people do with their accounts: sign up, log in, edit their profile, change the password."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from todoapp.features.accounts.errors import (
    AccountDisabled,
    EmailTaken,
    InvitationNeeded,
    SignUpClosed,
    WrongCredentials,
    WrongPassword,
)
from todoapp.features.accounts.guesses import Guess, GuessLimit, count, give_back
from todoapp.features.accounts.identity import SessionIdentity
from todoapp.features.accounts.model import User
from todoapp.features.accounts.password_choice import require_strong
from todoapp.features.accounts.passwords import hash_password, is_outdated, verify_password
from todoapp.features.accounts.refresh_tokens import Issuer, Tokens, open_session
from todoapp.features.accounts.sessions import end_other_sessions
from todoapp.features.accounts.view import SessionView, UserView
from todoapp.kit.database import Database, col
from todoapp.kit.settings import SignUpPolicy
from todoapp.messaging.outbox import Origin, Outbox, UnknownUser, UserChanges

__all__ = [
    "GuessLimits",
    "LogIn",
    "LoggedIn",
    "NewAccount",
    "ProfileEdit",
    "changing_password",
    "edit_profile",
    "get_user",
    "log_in",
    "new_user",
    "open_account",
    "require_open_sign_up",
    "sign_up",
]


@dataclass(frozen=True)
class NewAccount:
    email: str
    """in lower case"""
    name: str
    timezone: str


@dataclass(frozen=True)
class LogIn:
    """What somebody says who wants to log in."""

    email: str
    password: str = field(repr=False)
    user_agent: str
    address: str | None
    """the network that it comes from; None where a proxy hides it"""
    device_token: str | None = field(repr=False)


@dataclass(frozen=True)
class LoggedIn:
    user: UserView
    tokens: Tokens
    device_token: str
    """makes the device known at the next log-in"""


@dataclass(frozen=True)
class GuessLimits:
    """How many wrong passwords there may be."""

    account: GuessLimit
    """from devices that are not known; a device that is known, or a session, has as many for itself"""
    address: GuessLimit
    """from one network, to all accounts"""


def require_open_sign_up(policy: SignUpPolicy) -> None:
    """Let through a person without an invitation.

    Raises:
        InvitationNeeded
        SignUpClosed
    """
    if policy is SignUpPolicy.INVITE:
        raise InvitationNeeded
    if policy is SignUpPolicy.CLOSED:
        raise SignUpClosed


async def sign_up(
    database: Database, issuer: Issuer, account: NewAccount, password: str, *, user_agent: str, now: datetime
) -> LoggedIn:
    """Create an account and log in. Its feed of changes begins empty.

    Raises:
        WeakPassword
        EmailTaken
    """
    user = await new_user(account, password, verified=False, now=now)
    try:
        async with database.write() as session:
            return await open_account(session, issuer, user, user_agent=user_agent, now=now)
    except IntegrityError as error:
        raise EmailTaken from error


async def new_user(account: NewAccount, password: str, *, verified: bool, now: datetime) -> User:
    """
    Raises:
        WeakPassword
    """
    require_strong(password, email=account.email, name=account.name, pointer="/password")
    return User(
        email=account.email,
        name=account.name,
        timezone=account.timezone,
        password_hash=await hash_password(password),
        created_at=now,
        email_verified_at=now if verified else None,
    )


async def open_account(
    session: AsyncSession, issuer: Issuer, user: User, *, user_agent: str, now: datetime
) -> LoggedIn:
    """
    Raises:
        IntegrityError: there is an account with this address.
    """
    session.add(user)
    await session.flush()
    _, tokens = await open_session(session, issuer, user.id, user_agent=user_agent, now=now)
    return LoggedIn(UserView.model_validate(user), tokens, issuer.devices.token(user.id, None, now=now))


async def log_in(
    outbox: Outbox, issuer: Issuer, limits: GuessLimits, wanted: LogIn, *, origin: Origin
) -> LoggedIn:
    """Open a session.

    Raises:
        TooManyGuesses
        WrongCredentials
        AccountDisabled
        UnknownUser: the account was deleted at the same time.
    """
    async with outbox.database.read() as session:
        user = await session.scalar(select(User).where(col(User.email) == wanted.email))
    device = issuer.devices.known(wanted.device_token, user.id, now=origin.now) if user else None
    guesses = _guesses(limits, wanted, device)
    await count(outbox.database, guesses, now=origin.now)
    if not await verify_password(wanted.password, user.password_hash if user else None) or user is None:
        raise WrongCredentials
    renewed = await hash_password(wanted.password) if is_outdated(user.password_hash) else None
    async with outbox.changes(user.id, origin) as changes:
        # Read under the lock of the row: disabling ends the sessions that there are then.
        if (await get_user(changes.session, user.id)).disabled_at is not None:
            raise AccountDisabled
        if renewed:
            await _store_hash(changes, renewed)
        opened, tokens = await open_session(
            changes.session, issuer, user.id, user_agent=wanted.user_agent, now=changes.now
        )
        await give_back(changes.session, guesses)
        changes.announce("session", "created", opened.id, SessionView.model_validate(opened).as_value())
    return LoggedIn(
        UserView.model_validate(user), tokens, issuer.devices.token(user.id, device, now=origin.now)
    )


@asynccontextmanager
async def changing_password(
    outbox: Outbox,
    identity: SessionIdentity,
    limits: GuessLimits,
    *,
    current: str,
    new: str,
    origin: Origin,
) -> AsyncIterator[UserChanges]:
    """Set a new password and end all other sessions; what else is to end, ends in the block.

    Raises:
        WeakPassword
        TooManyGuesses
        WrongPassword: `current` is not the password, or was changed at the same time.
        UnknownUser
    """
    async with outbox.database.read() as session:
        user = await get_user(session, identity.user_id)
    known_hash = user.password_hash
    require_strong(new, email=user.email, name=user.name, pointer="/new_password")
    guesses = [Guess.of("session", str(identity.session_id), limits.account)]
    await count(outbox.database, guesses, now=origin.now)
    if not await verify_password(current, known_hash):
        raise WrongPassword
    new_hash = await hash_password(new)
    async with outbox.changes(identity.user_id, origin) as changes:
        if (await get_user(changes.session, identity.user_id)).password_hash != known_hash:
            raise WrongPassword
        await _store_hash(changes, new_hash)
        await give_back(changes.session, guesses)
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


def _guesses(limits: GuessLimits, wanted: LogIn, device: str | None) -> list[Guess]:
    mine = (
        Guess.of("account", wanted.email, limits.account)
        if device is None
        else Guess.of("device", device, limits.account)
    )
    if wanted.address is None:
        return [mine]
    return [mine, Guess.of("address", wanted.address, limits.address)]


async def _store_hash(changes: UserChanges, password_hash: str) -> None:
    mine = update(User).where(col(User.id) == changes.user_id)
    await changes.session.execute(mine.values(password_hash=password_hash))
