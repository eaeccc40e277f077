"""`Idempotency-Key`: a POST that is repeated under its key is done once and answered alike.

A key is claimed in a transaction of its own before the work starts, so that the same request is
refused while it runs. The answer is kept in the transaction of the work, so that there is never
one without the other. The claim of a process that died runs out and may be taken over; if the
process was slow rather than dead, its work no longer finds its claim and rolls back.

https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
"""

import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Self
from uuid import UUID

from fastapi import Request, Response
from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from todoapp.kit.database import Database, col, insert_new, new_id, table_of
from todoapp.kit.errors import Conflict, Invalid, Violation
from todoapp.kit.idempotency import IdempotencyKey
from todoapp.messaging.outbox import UnknownUser

__all__ = ["KEY", "Claim", "KeyedRequest", "Replay", "claimed"]

KEY = re.compile(r"[\x21-\x7e]{1,255}")
LEASE = timedelta(seconds=15)
KEYS = table_of(IdempotencyKey)
KEPT_HEADERS = ("content-type", "etag", "location")


class MalformedKey(Invalid):
    code = "malformed-idempotency-key"

    def __init__(self) -> None:
        sentence = "Idempotency-Key must be 1 to 255 visible ASCII characters; a new UUID is a good one."
        super().__init__(sentence, errors=[Violation("#/header/idempotency-key", sentence)])


class KeyReused(Invalid):
    code = "idempotency-key-reused"

    def __init__(self) -> None:
        sentence = "This Idempotency-Key came with another request before; use a new key for a new request."
        super().__init__(sentence, errors=[Violation("#/header/idempotency-key", sentence)])


class RequestRunning(Conflict):
    code = "request-running"

    def __init__(self) -> None:
        super().__init__(
            "A request with this Idempotency-Key is still running; repeat it later for its answer.",
            retry_after=timedelta(seconds=1),
        )


class Replay(Exception):
    """The request was done before; this was its answer."""

    def __init__(self, answer: dict[str, Any]) -> None:
        super().__init__()
        headers = answer["headers"] | {"Idempotency-Replayed": "true"}
        self.response = Response(answer["body"], answer["status"], headers)


@dataclass(frozen=True)
class KeyedRequest:
    """A request with the key under which it may be repeated."""

    user_id: UUID
    key: str
    hash: bytes

    @classmethod
    async def of(cls, request: Request, user_id: UUID) -> Self | None:
        """The key of a POST; other methods are repeatable without.

        Raises:
            MalformedKey
        """
        key = request.headers.get("idempotency-key")
        if request.method != "POST" or key is None:
            return None
        if not KEY.fullmatch(key):
            raise MalformedKey
        digest = cls.digest(request.url.path, request.url.query, await request.body())
        return cls(user_id, key, digest)

    @staticmethod
    def digest(path: str, query: str, body: bytes) -> bytes:
        return hashlib.sha256(f"{path}?{query}\n".encode() + body).digest()


@dataclass(frozen=True)
class Claim:
    """The right to do a request."""

    request: KeyedRequest
    id: UUID

    async def keep(self, session: AsyncSession, response: Response) -> None:
        """Keep a successful answer in the transaction of the work; after any other the claim is given up.

        Raises:
            RequestRunning: another process took the claim over; the transaction must not commit.
        """
        succeeded = HTTPStatus.OK <= response.status_code < HTTPStatus.MULTIPLE_CHOICES
        answer = _kept(response) if succeeded else None
        mine = update(IdempotencyKey).where(*self._mine()).values(answer=answer)
        if await session.scalar(mine.returning(col(IdempotencyKey.claim_id))) is None:
            raise RequestRunning
        if not succeeded:
            await self.release(session)

    async def release(self, session: AsyncSession) -> None:
        """Let the request be tried again."""
        await session.execute(delete(IdempotencyKey).where(*self._mine()))

    def _mine(self) -> tuple[Any, ...]:
        return (
            col(IdempotencyKey.user_id) == self.request.user_id,
            col(IdempotencyKey.key) == self.request.key,
            col(IdempotencyKey.claim_id) == self.id,
        )


def _kept(response: Response) -> dict[str, Any]:
    headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    return {"status": response.status_code, "headers": headers, "body": bytes(response.body).decode()}


@asynccontextmanager
async def claimed(
    database: Database, request: KeyedRequest, *, now: datetime, lifetime: timedelta
) -> AsyncIterator[Claim]:
    """Do a request in the block, and give the claim up when it fails.

    Raises:
        Replay: it was done before.
        KeyReused
        RequestRunning
        UnknownUser
    """
    try:
        async with database.write() as session:
            claim = await _claim(session, request, now, lifetime)
    except IntegrityError as error:
        raise UnknownUser(request.user_id) from error
    try:
        yield claim
    except Exception:
        async with database.write() as session:
            await claim.release(session)
        raise


async def _claim(session: AsyncSession, request: KeyedRequest, now: datetime, lifetime: timedelta) -> Claim:
    claim = Claim(request, new_id())
    if await _claim_new(session, claim, now):
        return claim
    row = await session.get(IdempotencyKey, (request.user_id, request.key), with_for_update=True)
    if row is None:
        # A twin failed and gave the key up, this very instant.
        raise RequestRunning
    if now - row.claimed_at < lifetime:
        if row.request_hash != request.hash:
            raise KeyReused
        if row.answer is not None:
            raise Replay(row.answer)
        if now - row.claimed_at < LEASE:
            raise RequestRunning
    row.request_hash, row.claim_id, row.claimed_at, row.answer = request.hash, claim.id, now, None
    return claim


async def _claim_new(session: AsyncSession, claim: Claim, now: datetime) -> bool:
    new = insert_new(session, KEYS).values(
        user_id=claim.request.user_id,
        key=claim.request.key,
        request_hash=claim.request.hash,
        claim_id=claim.id,
        claimed_at=now,
    )
    return await session.scalar(new.returning(KEYS.c.key)) is not None
