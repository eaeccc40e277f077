"""Links that prove that somebody reads the mail of an address. Each works once, for a limited time.

Asking for a link stores a row that is due, and no more: the same work for every address, so neither the
answer nor its time tells who has an account. The process `notification` looks the address up, makes the
token and sends the link. Only the token's hash is stored.
"""

import hashlib
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, Update, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from todoapp.features.accounts.errors import InvalidLink
from todoapp.features.accounts.model import OneTimeLink, User
from todoapp.features.accounts.token_hash import token_hash
from todoapp.kit.database import Database, col, insert_or_update, table_of

__all__ = [
    "ATTEMPTS",
    "LIFETIMES",
    "IssuedLink",
    "Purpose",
    "ask",
    "find",
    "forget_links",
    "issue",
    "make",
    "note_not_sent",
    "note_sent",
    "take_due",
    "use",
]

TOKEN_BYTES = 32
LEASE = timedelta(minutes=2)
"""Longer than sending takes. If the process dies during it, the link is due again afterwards."""
WAITS = (timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30))
"""Between attempts to send a link; each attempt makes another token."""
ATTEMPTS = len(WAITS) + 1


class Purpose(StrEnum):
    VERIFICATION = "verification"
    RESET = "reset"
    CHANGE = "change"
    """of an account's address, to that of the link"""
    INVITATION = "invitation"
    SIGN_UP = "sign-up"


LIFETIMES = {
    Purpose.VERIFICATION: timedelta(days=1),
    Purpose.RESET: timedelta(hours=1),
    Purpose.CHANGE: timedelta(hours=1),
    Purpose.INVITATION: timedelta(days=7),
    Purpose.SIGN_UP: timedelta(days=1),
}
PAGES = {
    Purpose.VERIFICATION: "verify",
    Purpose.RESET: "reset",
    Purpose.CHANGE: "verify",
    Purpose.INVITATION: "invite",
    Purpose.SIGN_UP: "invite",
}


@dataclass(frozen=True)
class IssuedLink:
    """A link with its token, which nobody can read a second time."""

    purpose: Purpose
    email: str
    token: str

    def url(self, public_url: str) -> str:
        """The token stands after `#`, so no server and no proxy sees it."""
        return f"{public_url.rstrip('/')}/{PAGES[self.purpose]}#{self.token}"

    def __repr__(self) -> str:
        return f"IssuedLink({self.purpose})"


async def ask(
    session: AsyncSession, purpose: Purpose, email: str, *, now: datetime, user_id: UUID | None = None
) -> None:
    """Let a link be sent to an address, whether or not anybody has it. One sent before stops working."""
    await _replace(session, purpose, email, user_id, now, token=None, next_attempt_at=now)


async def make(
    session: AsyncSession, purpose: Purpose, email: str, *, now: datetime, user_id: UUID | None = None
) -> IssuedLink:
    """Make a link for a person to hand over."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    await _replace(session, purpose, email, user_id, now, token=token, next_attempt_at=None)
    return IssuedLink(purpose, email, token)


async def take_due(database: Database, *, now: datetime, limit: int) -> Sequence[OneTimeLink]:
    """Start an attempt to send the links that are due; other processes leave them alone for a while."""
    # The number of attempts counts as well: a process that dies while it sends notes no failure.
    waiting = (col(OneTimeLink.next_attempt_at) <= now) & (col(OneTimeLink.attempts) < ATTEMPTS)
    due = select(OneTimeLink).where(waiting).limit(limit)
    async with database.read() as session:  # mostly there is nothing, and no need to lock anything
        if await session.scalar(due.limit(1)) is None:
            return []
    async with database.write() as session:
        first = due.order_by(col(OneTimeLink.next_attempt_at)).with_for_update(skip_locked=True)
        links = (await session.scalars(first)).all()
        for link in links:
            link.attempts += 1
            link.next_attempt_at = now + LEASE
    return links


async def issue(database: Database, link: OneTimeLink, *, now: datetime) -> IssuedLink | None:
    """Give a link its token; None if nobody is to get one, or if it was asked for again at the same time."""
    purpose = Purpose(link.purpose)
    async with database.write() as session:
        holder = await session.scalar(select(User).where(col(User.email) == link.email))
        if not _is_wanted(purpose, holder):
            await session.execute(delete(OneTimeLink).where(col(OneTimeLink.key) == link.key))
            if purpose is Purpose.SIGN_UP:  # the way into the account that is there already
                await ask(session, Purpose.RESET, link.email, now=now)
            return None
        user_id = link.user_id if holder is None else holder.id
        token = secrets.token_urlsafe(TOKEN_BYTES)
        new = {"user_id": user_id, "token_hash": token_hash(token), "expires_at": now + LIFETIMES[purpose]}
        kept = await session.scalar(_this(link).values(**new).returning(col(OneTimeLink.key)))
    return None if kept is None else IssuedLink(purpose, link.email, token)


async def note_sent(session: AsyncSession, link: OneTimeLink) -> None:
    await session.execute(_this(link).values(next_attempt_at=None))


async def note_not_sent(session: AsyncSession, link: OneTimeLink, *, now: datetime) -> None:
    """Try again after a while, a few times."""
    again = now + WAITS[link.attempts - 1] if link.attempts < ATTEMPTS else None
    await session.execute(_this(link).values(next_attempt_at=again))


async def find(
    session: AsyncSession, token: str, purposes: Collection[Purpose], *, now: datetime
) -> OneTimeLink:
    """The link of a token, which stays good.

    Raises:
        InvalidLink
    """
    found = await session.scalar(
        select(OneTimeLink).where(_good(token, now), col(OneTimeLink.purpose).in_(list(purposes)))
    )
    if found is None:
        raise InvalidLink
    return found


async def use(session: AsyncSession, token: str, *, now: datetime) -> None:
    """Use a link up, in the transaction of what it is for.

    Raises:
        InvalidLink: somebody else did at the same time.
    """
    used = delete(OneTimeLink).where(_good(token, now)).returning(col(OneTimeLink.key))
    if await session.scalar(used) is None:
        raise InvalidLink


async def forget_links(session: AsyncSession, user_id: UUID) -> None:
    """End all links of an account, those that are still to be sent included."""
    await session.execute(delete(OneTimeLink).where(col(OneTimeLink.user_id) == user_id))


def _is_wanted(purpose: Purpose, holder: User | None) -> bool:
    """Whether a link makes sense for an address that `holder` has."""
    if purpose in {Purpose.CHANGE, Purpose.SIGN_UP}:
        return holder is None
    if holder is None or holder.disabled_at is not None:
        return False
    return purpose is not Purpose.VERIFICATION or holder.email_verified_at is None


async def _replace(
    session: AsyncSession,
    purpose: Purpose,
    email: str,
    user_id: UUID | None,
    now: datetime,
    *,
    token: str | None,
    next_attempt_at: datetime | None,
) -> None:
    changes = {
        "user_id": user_id,
        "token_hash": token_hash(token) if token else None,
        "attempts": 0,
        "next_attempt_at": next_attempt_at,
        "expires_at": now + LIFETIMES[purpose],
    }
    # Of one address and purpose there is one link; only to change an address, each account has its own.
    whose = user_id if purpose is Purpose.CHANGE else ""
    key = hashlib.sha256(f"{purpose}:{email}:{whose}".encode()).digest()
    entry = {"key": key, "purpose": purpose.value, "email": email, **changes}
    await session.execute(
        insert_or_update(session, table_of(OneTimeLink), entry, key=("key",), changes=changes)
    )


def _this(link: OneTimeLink) -> Update:
    """The link as it was taken: one that was asked for again at the same time is another."""
    return update(OneTimeLink).where(
        col(OneTimeLink.key) == link.key, col(OneTimeLink.attempts) == link.attempts
    )


def _good(token: str, now: datetime) -> ColumnElement[bool]:
    return (col(OneTimeLink.token_hash) == token_hash(token)) & (col(OneTimeLink.expires_at) > now)
