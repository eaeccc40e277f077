"""The applications in this process, on a real database, with a clock that tests set."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from todoapp.kit.settings import Settings
from todoapp.processes.api.app import create_api
from todoapp.processes.runtime import Runtime

__all__ = ["Clock", "api", "calling", "client", "clock", "runtime", "signed_up", "stranger", "user_id_of"]

JWT_SECRET = "a secret that only these tests know, 32 bytes and more"
A_YEAR = 366 * 24 * 60  # minutes: moving the clock must not log anybody out


@dataclass
class Clock:
    """The time as the applications see it: a Wednesday morning, until a test moves it."""

    now: datetime = datetime(2027, 3, 3, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **duration: float) -> datetime:
        self.now += timedelta(**duration)
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def runtime(database_url: str, clock: Clock) -> AsyncIterator[Runtime]:
    """The parts of a process on a fresh database. Nothing listens where its sidecar would be."""
    settings = Settings(
        database_url=database_url, jwt_secret=JWT_SECRET, dapr_http_port=1, access_token_minutes=A_YEAR
    )
    assembled = await Runtime.assemble(settings, "api", now=clock)
    yield assembled
    await assembled.close()


@pytest.fixture
def api(runtime: Runtime) -> FastAPI:
    return create_api(runtime)


@pytest.fixture
async def client(api: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A user in Berlin, talking to the api."""
    async with signed_up(api) as user:
        yield user


@pytest.fixture
async def stranger(api: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Another user of the same api."""
    async with signed_up(api) as user:
        yield user


@asynccontextmanager
async def calling(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Anybody; errors of the application are answers, as they are for people."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://todo.test") as caller:
        yield caller


@asynccontextmanager
async def signed_up(app: FastAPI, *, timezone: str = "Europe/Berlin") -> AsyncIterator[httpx.AsyncClient]:
    async with calling(app) as user:
        account = {"email": f"{uuid4().hex}@example.com", "password": "correct horse", "timezone": timezone}
        answer = await user.post("/api/auth/signup", json=account)
        assert answer.is_success, answer.text
        user.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        yield user


async def user_id_of(user: httpx.AsyncClient) -> UUID:
    return UUID((await user.get("/api/me")).json()["id"])
