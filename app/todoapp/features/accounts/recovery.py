"""What people do by a one-time link: verify an address, change it, reset a password, accept an invitation."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from todoapp.features.accounts import one_time_links
from todoapp.features.accounts.errors import EmailTaken, InvalidLink
from todoapp.features.accounts.model import User
from todoapp.features.accounts.one_time_links import Purpose
from todoapp.features.accounts.password_choice import require_strong
from todoapp.features.accounts.passwords import hash_password
from todoapp.features.accounts.refresh_tokens import Issuer
from todoapp.features.accounts.service import (
    LoggedIn,
    NewAccount,
    get_user,
    new_user,
    open_account,
    require_open_sign_up,
)
from todoapp.features.accounts.sessions import end_all_sessions
from todoapp.features.accounts.view import UserView
from todoapp.kit.settings import SignUpPolicy
from todoapp.messaging.outbox import Origin, Outbox, UnknownUser, UserChanges

__all__ = ["Invited", "PasswordReset", "accept_invitation", "resetting_password", "verify"]

VERIFYING = (Purpose.VERIFICATION, Purpose.CHANGE)
JOINING = (Purpose.INVITATION, Purpose.SIGN_UP)


@dataclass(frozen=True)
class PasswordReset:
    changes: UserChanges
    was_verified: bool
    """Whether the address belonged to the account for sure. If not, a stranger may have made it."""


@dataclass(frozen=True)
class Invited:
    """What somebody says who accepts an invitation."""

    token: str = field(repr=False)
    password: str = field(repr=False)
    name: str | None
    timezone: str


async def verify(outbox: Outbox, token: str, origin: Origin) -> None:
    """Note that an account's address is its person's, or give the account the address of the link.

    Raises:
        InvalidLink
        EmailTaken: somebody else has got the address.
    """
    async with outbox.database.read() as session:
        link = await one_time_links.find(session, token, VERIFYING, now=origin.now)
    try:
        async with outbox.changes(_owner(link.user_id), origin) as changes:
            await one_time_links.use(changes.session, token, now=origin.now)
            user = await get_user(changes.session, changes.user_id)
            if link.purpose == Purpose.CHANGE:
                await one_time_links.forget_links(changes.session, user.id)
                user.email = link.email
            elif user.email != link.email:
                raise InvalidLink
            user.email_verified_at = changes.now
            user.version += 1
            await changes.session.flush()
            changes.announce("user", "updated", user.id, UserView.model_validate(user).as_value())
    except IntegrityError as error:
        raise EmailTaken from error
    except UnknownUser as error:
        raise InvalidLink from error


@asynccontextmanager
async def resetting_password(
    outbox: Outbox, token: str, password: str, origin: Origin
) -> AsyncIterator[PasswordReset]:
    """Set a new password and end all sessions; what else is to end, ends in the block.

    Raises:
        InvalidLink
        WeakPassword
    """
    async with outbox.database.read() as session:
        link = await one_time_links.find(session, token, [Purpose.RESET], now=origin.now)
        user = await session.get(User, _owner(link.user_id))
    if user is None:
        raise InvalidLink
    require_strong(password, email=user.email, name=user.name, pointer="/password")
    password_hash = await hash_password(password)
    try:
        async with outbox.changes(user.id, origin) as changes:
            await one_time_links.use(changes.session, token, now=origin.now)
            user = await get_user(changes.session, changes.user_id)
            if user.email != link.email:
                raise InvalidLink
            was_verified = user.email_verified_at is not None
            user.password_hash = password_hash
            user.email_verified_at = user.email_verified_at or changes.now
            user.version += 1
            await one_time_links.forget_links(changes.session, user.id)
            await end_all_sessions(changes)
            changes.announce("user", "updated", user.id, UserView.model_validate(user).as_value())
            yield PasswordReset(changes, was_verified)
    except UnknownUser as error:
        raise InvalidLink from error


async def accept_invitation(
    outbox: Outbox,
    issuer: Issuer,
    invited: Invited,
    policy: SignUpPolicy,
    *,
    user_agent: str,
    origin: Origin,
) -> LoggedIn:
    """Make the account of a person who was invited or asked for it, and log in.

    Raises:
        InvalidLink
        InvitationNeeded, SignUpClosed: since the person asked, nobody may.
        WeakPassword
        EmailTaken: the person has an account already.
    """
    async with outbox.database.read() as session:
        link = await one_time_links.find(session, invited.token, JOINING, now=origin.now)
    if link.purpose == Purpose.SIGN_UP:
        require_open_sign_up(policy)
    name = invited.name or link.email.partition("@")[0]
    account = NewAccount(link.email, name, invited.timezone)
    user = await new_user(account, invited.password, verified=True, now=origin.now)
    try:
        async with outbox.database.write() as session:
            await one_time_links.use(session, invited.token, now=origin.now)
            return await open_account(session, issuer, user, user_agent=user_agent, now=origin.now)
    except IntegrityError as error:
        raise EmailTaken from error


def _owner(user_id: UUID | None) -> UUID:
    """Whose account a link is for."""
    if user_id is None:
        raise InvalidLink
    return user_id
