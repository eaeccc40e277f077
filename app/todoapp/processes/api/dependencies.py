"""What handlers ask for: the moment, the caller, a transaction."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.ext.asyncio import AsyncSession

from todoapp.features.accounts.credentials import Credentials
from todoapp.features.accounts.errors import LogInNeeded
from todoapp.features.accounts.identity import Identity, Scope, SessionIdentity
from todoapp.features.accounts.refresh_tokens import Issuer
from todoapp.features.accounts.service import GuessLimits
from todoapp.features.accounts.sessions import require_fresh
from todoapp.kit.errors import Unauthorized
from todoapp.kit.telemetry import bind, current_traceparent
from todoapp.messaging.outbox import Origin, UserChanges
from todoapp.processes.api.idempotency import KeyedRequest, claimed
from todoapp.processes.api.rate_limits import RateLimits
from todoapp.processes.api.user_path import require_own_path
from todoapp.processes.runtime import Runtime

__all__ = [
    "AccountChanges",
    "Changes",
    "CurrentGuessLimits",
    "CurrentIdentity",
    "CurrentOrigin",
    "CurrentReader",
    "CurrentRuntime",
    "CurrentSession",
    "CurrentWriter",
    "FreshChanges",
    "FreshSession",
    "Limits",
    "Now",
    "Reading",
    "TokenIssuer",
    "bearer",
    "identity_of",
    "require_session",
]

bearer = HTTPBearer(auto_error=False, description="The access token of a log-in, or a personal API token")


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


def _origin_at(now: datetime) -> Origin:
    return Origin(actor="user", now=now, traceparent=current_traceparent())


async def _origin(now: Now) -> Origin:
    return _origin_at(now)


CurrentOrigin = Annotated[Origin, Depends(_origin)]


async def _issuer(request: Request) -> Issuer:
    issuer: Issuer = request.app.state.issuer
    return issuer


TokenIssuer = Annotated[Issuer, Depends(_issuer)]


async def _limits(request: Request) -> RateLimits:
    limits: RateLimits = request.app.state.rate_limits
    return limits


Limits = Annotated[RateLimits, Depends(_limits)]


async def _guess_limits(request: Request) -> GuessLimits:
    limits: GuessLimits = request.app.state.guess_limits
    return limits


CurrentGuessLimits = Annotated[GuessLimits, Depends(_guess_limits)]


# Almost every request passes through `identity_of` and `_reading` or `_changes`. They take what they need
# from the application themselves, because each further dependency is solved again for each request.
async def identity_of(
    request: Request,
    response: Response,
    shown: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
) -> Identity:
    if shown is None:
        raise TokenMissing
    credentials: Credentials = request.app.state.credentials
    limits: RateLimits = request.app.state.rate_limits
    identity = await credentials.identify(shown.credentials)
    bind(user_id=identity.user_id)
    require_own_path(request, identity.user_id)
    if allowance := limits.requests.take(identity.user_id):
        response.headers.update(allowance.fields)
    return identity


CurrentIdentity = Annotated[Identity, Depends(identity_of)]


async def _reader(identity: CurrentIdentity) -> UUID:
    identity.require(Scope.READ)
    return identity.user_id


async def _writer(identity: CurrentIdentity) -> UUID:
    identity.require(Scope.WRITE)
    return identity.user_id


def require_session(identity: Identity) -> SessionIdentity:
    """
    Raises:
        LogInNeeded: it is a program with an API token.
    """
    if not isinstance(identity, SessionIdentity):
        raise LogInNeeded
    return identity


async def _session(identity: CurrentIdentity) -> SessionIdentity:
    return require_session(identity)


CurrentReader = Annotated[UUID, Depends(_reader)]
"""The id of a user whose data may be read."""
CurrentWriter = Annotated[UUID, Depends(_writer)]
CurrentSession = Annotated[SessionIdentity, Depends(_session)]
"""A user who logged in, for what no API token may do."""


async def _fresh_session(runtime: CurrentRuntime, identity: CurrentSession, now: Now) -> SessionIdentity:
    async with runtime.database.read() as session:
        await require_fresh(session, identity, now=now)
    return identity


FreshSession = Annotated[SessionIdentity, Depends(_fresh_session)]
"""A user who logged in within the last minutes, for what would outlive a stolen access token."""


@dataclass(frozen=True)
class UserReading:
    """A transaction for queries on one user's data."""

    session: AsyncSession
    user_id: UUID
    now: datetime


async def _reading(request: Request, identity: CurrentIdentity) -> AsyncIterator[UserReading]:
    identity.require(Scope.READ)
    runtime: Runtime = request.app.state.runtime
    async with runtime.database.read() as session:
        yield UserReading(session, identity.user_id, runtime.now())


async def _changes(request: Request, identity: CurrentIdentity) -> AsyncIterator[UserChanges]:
    """Commit when the answer is built; roll back when anything raised before that."""
    identity.require(Scope.WRITE)
    runtime: Runtime = request.app.state.runtime
    origin = _origin_at(runtime.now())
    keyed = await KeyedRequest.of(request, identity.user_id)
    async with AsyncExitStack() as stack:
        claim = None
        if keyed:
            lifetime = runtime.settings.idempotency_lifetime
            claim = await stack.enter_async_context(
                claimed(runtime.database, keyed, now=origin.now, lifetime=lifetime)
            )
        changes = await stack.enter_async_context(runtime.outbox.changes(identity.user_id, origin))
        yield changes
        if claim:
            await claim.keep(changes.session, request.state.response)


async def _account_changes(
    runtime: CurrentRuntime, identity: CurrentSession, origin: CurrentOrigin
) -> AsyncIterator[UserChanges]:
    """As `_changes`, without keeping the answer for a repetition: it may hold a secret."""
    async with runtime.outbox.changes(identity.user_id, origin) as changes:
        yield changes


# scope="function" ends the transaction before the answer leaves. The default scope ends it
# afterwards, so a failed commit would still have answered 200.
Reading = Annotated[UserReading, Depends(_reading, scope="function")]
Changes = Annotated[UserChanges, Depends(_changes, scope="function")]
AccountChanges = Annotated[UserChanges, Depends(_account_changes, scope="function")]


async def _fresh_changes(_fresh: FreshSession, changes: AccountChanges) -> UserChanges:
    return changes


FreshChanges = Annotated[UserChanges, Depends(_fresh_changes, scope="function")]
"""As `AccountChanges`, by a `FreshSession`."""
