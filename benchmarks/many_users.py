"""Many people at once, each with an account and a connection, who do something now and then."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from random import Random
from uuid import UUID

import aiohttp
from sqlalchemy import Connection, insert

from benchmarks.figures import Figure
from benchmarks.installation import Installation
from benchmarks.load import Asked, answered, clients
from testbed.app.rows import inside
from todoapp.features.accounts.api_tokens import PREFIX
from todoapp.features.accounts.identity import Scope
from todoapp.features.accounts.model import ApiToken, User
from todoapp.features.accounts.token_hash import token_hash
from todoapp.kit.database import Base, new_id

__all__ = ["measure_users"]


def measure_users(installation: Installation, *, users: int, seconds: float) -> Iterator[Figure]:
    """Every user creates a task, lists their tasks, reads one and completes it, in so many seconds."""
    tokens = [f"{PREFIX}{new_id().hex}" for _ in range(users)]
    asyncio.run(inside(installation.database_url, partial(_sign_up, tokens)))
    before = installation.processor_time()
    taken = asyncio.run(_live(installation.stack.url, tokens, seconds))
    used = installation.processor_time() - before
    yield Figure.latency(
        installation.kind,
        f"{users} users",
        taken,
        goal="p95 ≤ 100 ms, no error",
        clients=users,
        per_second=len(taken) / seconds,
        server_cpu=1000 * used.server / len(taken),
        database_cpu=1000 * used.database / len(taken) if installation.database else None,
    )


def _sign_up(tokens: Sequence[str], connection: Connection) -> None:
    """Accounts with tokens of their own: to check as many passwords would take minutes."""
    now = datetime.now(UTC)
    ids = [new_id() for _ in tokens]
    tables = Base.metadata.tables
    connection.execute(insert(tables[User.__tablename__]), [_user(user_id, now) for user_id in ids])
    connection.execute(
        insert(tables[ApiToken.__tablename__]),
        [_token(user_id, token, now) for user_id, token in zip(ids, tokens, strict=True)],
    )


def _user(user_id: UUID, now: datetime) -> dict[str, object]:
    return {
        "id": user_id,
        "email": f"{user_id}@example.com",
        "name": "Ada",
        "password_hash": "",
        "timezone": "Europe/Berlin",
        "change_seq": 0,
        "version": 1,
        "created_at": now,
    }


def _token(user_id: UUID, token: str, now: datetime) -> dict[str, object]:
    return {
        "id": new_id(),
        "user_id": user_id,
        "token_hash": token_hash(token),
        "start": PREFIX,
        "name": "benchmark",
        "scopes": [Scope.READ, Scope.WRITE],
        "created_at": now,
        "last_used_at": now,
    }


async def _live(url: str, tokens: Sequence[str], seconds: float) -> list[float]:
    async with clients(url, len(tokens)) as http, asyncio.TaskGroup() as group:
        lives = [
            group.create_task(_life(http, token, Random(number), seconds / 4))
            for number, token in enumerate(tokens)
        ]
    return [taken for life in lives for taken in life.result()]


async def _life(http: aiohttp.ClientSession, token: str, random: Random, pause: float) -> list[float]:
    """Four requests, each at any moment of its own quarter of the time."""
    ask = partial(answered, http, token)
    moments = [random.uniform(0, pause) for _ in range(4)]
    await asyncio.sleep(moments[0])
    created, task = await ask(Asked("POST", "/api/tasks", body={"title": "Pay the rent"}))
    own = f"/api/tasks/{task['id']}"
    taken = [created]
    for number, asked in enumerate(
        (Asked("GET", "/api/tasks"), Asked("GET", own), Asked("POST", f"{own}/complete")), start=1
    ):
        await asyncio.sleep(max(0.0, pause - moments[number - 1] + moments[number] - taken[-1]))
        taken.append((await ask(asked))[0])
    return taken
