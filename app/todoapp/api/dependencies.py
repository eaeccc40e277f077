"""What handlers ask for: the moment, the user, a transaction."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.ext.asyncio import AsyncSession

from todoapp.accounts.sessions import Issuer
from todoapp.accounts.tokens import AccessTokens, Identity
from todoapp.api.idempotency import KeyedRequest, claimed
from todoapp.api.user_path import require_own_path
from todoapp.errors import Unauthorized
from todoapp.messaging.outbox import Origin, UserChanges
from todoapp.process import Runtime
from todoapp.telemetry import bind, current_traceparent

__all__ = ["Changes", "CurrentIdentity", "CurrentRuntime", "CurrentUser", "Now", "Reading", "TokenIssuer"]

bearer = HTTPBearer(auto_error=False, bearerFormat="JWT", description="The access token of a log-in")


class TokenMissing(Unauthorized):
    code = "token-missing"

    def __init__(self) -> None:
        super().__init__("Log in, and send the access token as `Authorization: Bearer <token>`.")


async def _runtime(request: Request) -> Runtime:
    runtime: Runtime = request.app.state.runtime
    return runtime


CurrentRuntime = Annotated[Runtime, Depends(_runtime)]


async def _now(runtime: CurrentRuntime) -> datetime:
    return runtime.now()


Now = Annotated[datetime, Depends(_now)]


async def _issuer(runtime: CurrentRuntime) -> Issuer:
    settings = runtime.settings
    access_tokens = AccessTokens(runtime.signing_key, settings.access_token_lifetime)
    return Issuer(access_tokens, settings.refresh_token_lifetime)


TokenIssuer = Annotated[Issuer, Depends(_issuer)]


async def _identity(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
    issuer: TokenIssuer,
    now: Now,
) -> Identity:
    if credentials is None:
        raise TokenMissing
    identity = issuer.access_tokens.verify(credentials.credentials, now=now)
    bind(user_id=identity.user_id)
    require_own_path(request, identity.user_id)
    return identity


CurrentIdentity = Annotated[Identity, Depends(_identity)]


async def _user(identity: CurrentIdentity) -> UUID:
    return identity.user_id


CurrentUser = Annotated[UUID, Depends(_user)]


@dataclass(frozen=True)
class UserReading:
    """A transaction for queries on one user's data."""

    session: AsyncSession
    user_id: UUID
    now: datetime


async def _reading(runtime: CurrentRuntime, user_id: CurrentUser, now: Now) -> AsyncIterator[UserReading]:
    async with runtime.database.read() as session:
        yield UserReading(session, user_id, now)


async def _changes(
    request: Request, runtime: CurrentRuntime, user_id: CurrentUser, now: Now
) -> AsyncIterator[UserChanges]:
    """Commit when the answer is built; roll back when anything raised before that."""
    origin = Origin(actor="user", now=now, traceparent=current_traceparent())
    keyed = await KeyedRequest.of(request, user_id)
    async with AsyncExitStack() as stack:
        claim = None
        if keyed:
            lifetime = timedelta(hours=runtime.settings.idempotency_hours)
            claim = await stack.enter_async_context(
                claimed(runtime.database, keyed, now=now, lifetime=lifetime)
            )
        changes = await stack.enter_async_context(runtime.outbox.changes(user_id, origin))
        yield changes
        if claim:
            await claim.keep(changes.session, request.state.response)


# scope="function" ends the transaction before the answer leaves. The default scope ends it
# afterwards, so a failed commit would still have answered 200.
Reading = Annotated[UserReading, Depends(_reading, scope="function")]
Changes = Annotated[UserChanges, Depends(_changes, scope="function")]
