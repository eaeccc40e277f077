"""Authentication by token: the token names the user, the database tells whether it is still valid."""

from collections.abc import Callable
from datetime import datetime, timedelta

from cachetools import TLRUCache

from todoapp.features.accounts import api_tokens, sessions
from todoapp.features.accounts.identity import Identity
from todoapp.features.accounts.tokens import AccessTokens
from todoapp.kit.database import Database

__all__ = ["TRUSTED_FOR", "Credentials"]

TRUSTED_FOR = timedelta(seconds=5)
MOST_TRUSTED = 10_000


class Credentials:
    """Who may act, by what this process has read from the database.

    A session or an API token may end before its time. Its state is cached for `TRUSTED_FOR`,
    because a query at each request would be a good part of the request's cost; the same holds for
    checking the signature of an access token. `invalidate` drops the cache: this process calls it after
    its own commits, all others when the broker brings them the change. So a token whose session or
    account ended stops at once. While the broker is away, other processes learn of it after
    `TRUSTED_FOR` at the latest.
    """

    def __init__(self, database: Database, access_tokens: AccessTokens, now: Callable[[], datetime]) -> None:
        self._database = database
        self._access_tokens = access_tokens
        self._now = now
        self._trusted: TLRUCache[str, Identity] = TLRUCache(
            MOST_TRUSTED, _trusted_until, timer=lambda: now().timestamp()
        )
        self._invalidations = 0

    async def identify(self, token: str) -> Identity:
        """Whom an access token or a personal API token speaks for at this moment.

        Raises:
            InvalidToken
            InvalidApiToken
            SessionEnded
            UnknownUser: the account is gone.
        """
        trusted = self._trusted.get(token)
        if trusted is not None:
            return trusted
        invalidations = self._invalidations
        identity = await self._ask(token)
        if invalidations == self._invalidations:  # or the answer may be older than the reason to invalidate
            self._trusted[token] = identity
        return identity

    def invalidate(self) -> None:
        """Ask the database again for every token."""
        self._trusted.clear()
        self._invalidations += 1

    async def _ask(self, token: str) -> Identity:
        if token.startswith(api_tokens.PREFIX):
            return await api_tokens.holder_of(self._database, token, now=self._now())
        person = self._access_tokens.verify(token, now=self._now())
        async with self._database.read() as session:
            await sessions.require_open(session, person)
        return person


def _trusted_until(_token: str, identity: Identity, now: float) -> float:
    until = now + TRUSTED_FOR.total_seconds()
    return until if identity.expires_at is None else min(until, identity.expires_at.timestamp())
