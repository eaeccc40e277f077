"""Personal API tokens: what a program shows in place of a person's log-in."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from todoapp.features.accounts.errors import InvalidApiToken, TokenNotFound
from todoapp.features.accounts.identity import Scope, TokenIdentity
from todoapp.features.accounts.model import ApiToken, User
from todoapp.features.accounts.token_hash import token_hash
from todoapp.features.accounts.view import ApiTokenView
from todoapp.kit import owned
from todoapp.kit.database import Database, col
from todoapp.kit.usage import Counted
from todoapp.messaging.outbox import UserChanges

__all__ = [
    "DEFAULT_LIFETIME",
    "PREFIX",
    "create_token",
    "delete_all_tokens",
    "delete_token",
    "holder_of",
    "list_tokens",
]

PREFIX = "todo_"
"""People and scanners for leaked secrets recognise our tokens by it."""
START = len(PREFIX) + 6
DEFAULT_LIFETIME = timedelta(days=90)
"""Of a token whose maker does not say when it ends."""
USE_NOTED_EVERY = timedelta(minutes=5)
"""A write for each request would cost more than most requests."""


async def create_token(
    changes: UserChanges, *, name: str, scopes: Sequence[Scope], expires_at: datetime | None
) -> tuple[ApiToken, str]:
    """Make a token.

    Returns:
        What is stored of it, and the token itself, which nobody can show a second time.

    Raises:
        QuotaExceeded
    """
    changes.usage.add(Counted.TOKENS)
    token = PREFIX + secrets.token_hex(32)
    stored = ApiToken(
        user_id=changes.user_id,
        token_hash=token_hash(token),
        start=token[:START],
        name=name,
        scopes=sorted(set(scopes)),
        created_at=changes.now,
        expires_at=expires_at,
    )
    changes.session.add(stored)
    await changes.session.flush()
    changes.announce("token", "created", stored.id, ApiTokenView.model_validate(stored).as_value())
    return stored, token


async def list_tokens(session: AsyncSession, user_id: UUID) -> Sequence[ApiToken]:
    """All tokens of the user, expired ones included, the newest first."""
    return await owned.list_of(session, ApiToken, user_id, col(ApiToken.created_at).desc(), col(ApiToken.id))


async def delete_all_tokens(changes: UserChanges) -> None:
    """Revoke every token of the user."""
    for token in await list_tokens(changes.session, changes.user_id):
        await _delete(changes, token)


async def delete_token(changes: UserChanges, token_id: UUID) -> None:
    """Revoke a token.

    Raises:
        TokenNotFound
    """
    token = await owned.get(changes.session, ApiToken, changes.user_id, token_id, TokenNotFound)
    await _delete(changes, token)


async def holder_of(database: Database, token: str, *, now: datetime) -> TokenIdentity:
    """The user of a token; its last use is noted every few minutes.

    Raises:
        InvalidApiToken
    """
    async with database.read() as session:
        query = select(ApiToken, col(User.disabled_at)).join(User, col(User.id) == col(ApiToken.user_id))
        row = (
            await session.execute(query.where(col(ApiToken.token_hash) == token_hash(token)))
        ).one_or_none()
    if row is None:
        raise InvalidApiToken("is not one of ours, or was deleted")
    found, disabled_at = row
    if disabled_at is not None:
        raise InvalidApiToken("belongs to an account that is disabled")
    if found.expires_at is not None and found.expires_at <= now:
        raise InvalidApiToken("has expired")
    if found.last_used_at is None or now - found.last_used_at >= USE_NOTED_EVERY:
        async with database.write() as session:
            await session.execute(
                update(ApiToken).where(col(ApiToken.id) == found.id).values(last_used_at=now)
            )
    scopes = frozenset(Scope(scope) for scope in found.scopes)
    return TokenIdentity(user_id=found.user_id, scopes=scopes, expires_at=found.expires_at)


async def _delete(changes: UserChanges, token: ApiToken) -> None:
    await changes.session.delete(token)
    changes.usage.add(Counted.TOKENS, -1)
    changes.announce("token", "deleted", token.id)
