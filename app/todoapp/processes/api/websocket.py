"""The live feed: what `GET /api/sync` tells, told as it happens.

A client shows its token as the subprotocol `bearer.<token>` beside `todoapp.v1`, or in its first
message, `{"type": "authenticate", "token": …}`. It hears `{"type": "ready", "seq": N}` and then,
in order and without a gap, each change after N: `{"type": "change", "seq": …}` with the fields of
`GET /api/sync`. An API token does not hear of sessions and tokens. A refusal closes the connection
with its HTTP status and 4000: 4401 no valid token, or it has ended; 4403 another user's path, or a
token that may not read; 4410 the feed does not reach back to `since`; 4422 a malformed URL; 4429 too
many sockets or connections of one user; 4408 the client did not read for half a minute.

A user may have 20 sockets in each replica of the api. A client that was closed with 4429 closes
another socket, or waits for a moment, before it connects again.
"""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import BaseModel, Field, ValidationError
from starlette.status import WS_1011_INTERNAL_ERROR, WS_1013_TRY_AGAIN_LATER

from todoapp.features.accounts.credentials import Credentials
from todoapp.features.accounts.identity import Identity, Scope
from todoapp.features.accounts.visibility import may_see
from todoapp.kit.errors import DomainError, Forbidden, Gone, Invalid, TooManyRequests, Unauthorized
from todoapp.kit.fields import Input
from todoapp.kit.outage import is_outage
from todoapp.kit.telemetry import bind
from todoapp.messaging.feed import current_seq
from todoapp.messaging.outbox import UnknownUser
from todoapp.processes.api.hub import Follower, Hub
from todoapp.processes.api.user_path import ForeignPath, require_own_path
from todoapp.processes.runtime import Runtime

__all__ = ["router"]

logger = logging.getLogger(__name__)

router = APIRouter()

PROTOCOL = "todoapp.v1"
BEARER = "bearer."
AUTHENTICATION_SECONDS = 10.0
NOT_READ = 4408
LONGEST_REASON = 123  # bytes, RFC 6455 §5.5

CLOSE_CODES: dict[type[DomainError], int] = {
    Unauthorized: 4401,
    Forbidden: 4403,
    Gone: 4410,
    Invalid: 4422,
    TooManyRequests: 4429,
}


class NotAuthenticated(Unauthorized):
    code = "not-authenticated"

    def __init__(self) -> None:
        super().__init__(
            f"Within {AUTHENTICATION_SECONDS:.0f} s send "
            '{"type": "authenticate", "token": "<access token>"} as the first message.'
        )


class InvalidAddress(Invalid):
    code = "invalid-address"


class NotRead(Exception):
    """A client leaves what it was sent unread, and pages would be kept for it without end."""


class Authenticate(BaseModel):
    """The first message of a client that did not show its token as a subprotocol."""

    type: Literal["authenticate"]
    token: str


class Parameters(Input):
    since: int | None = Field(default=None, ge=0, lt=2**63)


@router.websocket("/api/ws")
@router.websocket("/api/ws/{user_id}")
async def follow_changes(socket: WebSocket, user_id: str | None = None) -> None:
    """Tell a client of its user's changes until either side ends the connection."""
    offered = socket.scope["subprotocols"]
    await socket.accept(subprotocol=PROTOCOL if PROTOCOL in offered else None)
    try:
        since = _since(socket)
        visitor = await _authenticate(socket)
        owner = (await visitor.identify()).user_id
        bind(user_id=owner)
        socket.app.state.rate_limits.requests.take(owner)
        _require_own_feed(socket, owner, user_id)
        await _converse(socket, visitor, since)
    except WebSocketDisconnect:
        return
    except NotRead:
        await _close(socket, NOT_READ, "You did not read what was sent; connect again.")
    except UnknownUser:
        await _close(socket, CLOSE_CODES[Unauthorized], "The account of this token no longer exists.")
    except DomainError as refusal:
        code = next(code for kind, code in CLOSE_CODES.items() if isinstance(refusal, kind))
        await _close(socket, code, str(refusal))
    except Exception as error:
        if is_outage(error):
            await _close(
                socket, WS_1013_TRY_AGAIN_LATER, "The database does not answer; try again in a moment."
            )
        else:
            logger.exception("WebSocket failed")
            await _close(socket, WS_1011_INTERNAL_ERROR, "Internal error; connect again.")


@dataclass(frozen=True)
class Visitor:
    """A client with its token, which has to stay valid while the client listens."""

    token: str = field(repr=False)
    credentials: Credentials

    async def identify(self) -> Identity:
        """Return whom the token speaks for at this moment.

        Raises:
            InvalidToken, InvalidApiToken, SessionEnded, MissingScope, UnknownUser
        """
        identity = await self.credentials.identify(self.token)
        identity.require(Scope.READ)
        return identity


def _since(socket: WebSocket) -> int | None:
    if "token" in socket.query_params:
        raise InvalidAddress("A token in a URL ends up in logs; send it as a subprotocol or first message.")
    try:
        return Parameters.model_validate(dict(socket.query_params)).since
    except ValidationError as error:
        raise InvalidAddress("The only query parameter is since, a whole number from 0.") from error


async def _authenticate(socket: WebSocket) -> Visitor:
    shown = [each.removeprefix(BEARER) for each in socket.scope["subprotocols"] if each.startswith(BEARER)]
    token = shown[0] if shown else await _token_in_first_message(socket)
    return Visitor(token, socket.app.state.credentials)


def _require_own_feed(socket: WebSocket, owner: UUID, path_user_id: str | None) -> None:
    require_own_path(socket, owner)
    if path_user_id is not None and path_user_id.lower() != str(owner):
        raise ForeignPath


async def _token_in_first_message(socket: WebSocket) -> str:
    try:
        async with asyncio.timeout(AUTHENTICATION_SECONDS):
            message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message["code"])
        return Authenticate.model_validate_json(message.get("text") or "").token
    except (TimeoutError, ValidationError) as error:
        raise NotAuthenticated from error


async def _converse(socket: WebSocket, visitor: Visitor, since: int | None) -> None:
    hub: Hub = socket.app.state.hub
    with hub.following((await visitor.identify()).user_id) as follower:
        tasks = [
            asyncio.create_task(_send_changes(socket, visitor, follower, since)),
            asyncio.create_task(_until_left(socket)),
        ]
        try:
            finished, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in finished:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _send_changes(socket: WebSocket, visitor: Visitor, follower: Follower, since: int | None) -> None:
    """Send every change, page by page; a client that reads slowly is waited for, so it costs one page."""
    runtime: Runtime = socket.app.state.runtime
    identity = await visitor.identify()
    seq = since
    if seq is None:
        async with runtime.database.read() as session:
            seq = await current_seq(session, identity.user_id)
    page = await follower.changes_after(seq, check=visitor.identify)
    await _send(socket, orjson.dumps({"type": "ready", "seq": seq}).decode())
    while True:
        for told in page:
            if may_see(identity, told.entity):
                await _send(socket, told.message)
            seq = told.seq
        if not page:
            await follower.change_after(seq)
        page = await follower.changes_after(seq, check=visitor.identify)  # until the token ends


async def _until_left(socket: WebSocket) -> None:
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass  # nothing that a client says after its token has a meaning


async def _send(socket: WebSocket, message: str) -> None:
    """
    Raises:
        NotRead
    """
    runtime: Runtime = socket.app.state.runtime
    try:
        async with asyncio.timeout(runtime.settings.socket_send_seconds):
            await socket.send_text(message)
    except TimeoutError:
        raise NotRead from None


async def _close(socket: WebSocket, code: int, reason: str) -> None:
    with suppress(WebSocketDisconnect):  # the client was faster
        await socket.close(code, reason.encode()[:LONGEST_REASON].decode(errors="ignore"))
