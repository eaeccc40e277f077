"""Telling from a token who shows it: what it says itself, and what the database says of it."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from uuid import UUID

from cachetools import TLRUCache

from todoapp.accounts import api_tokens, sessions
from todoapp.accounts.identity import Identity, SessionIdentity, TokenIdentity
from todoapp.accounts.tokens import AccessTokens
from todoapp.database import Database

__all__ = ["TRUSTED_FOR", "Credentials"]

TRUSTED_FOR = timedelta(seconds=5)
MOST_TRUSTED = 10_000


class Credentials:
    """Everybody who may act, as far as this process has asked the database.

    A session or an API token may end before its time. What the database says of one is trusted for
    `TRUSTED_FOR`, because asking at each request would be a good part of what the request costs. It
    is not trusted beyond `forget`, which this process calls on its own commits and all others when
    the broker brings them the change: a token whose session or account ended stops at once. While
    the broker is away, other processes learn of it after `TRUSTED_FOR` at the latest.
    """

    def __init__(self, database: Database, access_tokens: AccessTokens, now: Callable[[], datetime]) -> None:
        self._database = database
        self._access_tokens = access_tokens
        self._now = now
        self._trusted: TLRUCache[UUID | str, Identity] = TLRUCache(
            MOST_TRUSTED, _trusted_until, timer=lambda: now().timestamp()
        )
        self._forgotten = 0

    async def identify(self, token: str) -> Identity:
        """Whom an access token or a personal API token speaks for at this moment.

        Raises:
            InvalidToken
            InvalidApiToken
            SessionEnded
            UnknownUser: the account is gone.
        """
        if token.startswith(api_tokens.PREFIX):
            return await self._told(token, lambda: self._ask_for_program(token))
        person = self._access_tokens.verify(token, now=self._now())
        return await self._told(person.session_id, lambda: self._ask_for_person(person))

    def forget(self) -> None:
        """Ask the database again, whoever comes next."""
        self._trusted.clear()
        self._forgotten += 1

    async def _told(self, credential: UUID | str, ask: Callable[[], Awaitable[Identity]]) -> Identity:
        trusted = self._trusted.get(credential)
        if trusted is not None:
            return trusted
        forgotten = self._forgotten
        identity = await ask()
        if forgotten == self._forgotten:  # or the answer may be older than the reason to forget
            self._trusted[credential] = identity
        return identity

    async def _ask_for_person(self, person: SessionIdentity) -> SessionIdentity:
        async with self._database.read() as session:
            await sessions.require_open(session, person)
        return person

    async def _ask_for_program(self, token: str) -> TokenIdentity:
        return await api_tokens.holder_of(self._database, token, now=self._now())


def _trusted_until(_credential: UUID | str, identity: Identity, now: float) -> float:
    until = now + TRUSTED_FOR.total_seconds()
    if isinstance(identity, TokenIdentity) and identity.expires_at is not None:
        return min(until, identity.expires_at.timestamp())
    return until
