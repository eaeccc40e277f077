"""The applications in this process, on a real database, with a clock that tests set.

A worker has one api of each kind of database, and every test gets it as if it had just started: with an
empty database and without memory. Its figures go on and its settings stay; tests of these, and tests that
migrate or lock, take the fresh one.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from testbed.app.databases import WorkerDatabase
from todoapp.features.accounts import passwords
from todoapp.features.accounts.credentials import Credentials
from todoapp.features.accounts.model import User
from todoapp.features.accounts.refresh_tokens import open_session
from todoapp.features.calendar.cache import Calendars
from todoapp.kit.scratch import Scratch
from todoapp.kit.settings import Settings
from todoapp.processes.api import export, transfer
from todoapp.processes.api.app import create_api
from todoapp.processes.api.hub import Hub
from todoapp.processes.api.rate_limits import RateLimits
from todoapp.processes.runtime import Runtime

__all__ = [
    "JWT_SECRET",
    "SEALING_KEY",
    "Clock",
    "WarmApp",
    "api",
    "calling",
    "client",
    "client_on_one_database",
    "clock",
    "fresh_api",
    "fresh_client",
    "fresh_runtime",
    "logged_in",
    "runtime",
    "signed_up",
    "stranger",
    "user_id_of",
    "warm_api",
    "worker_clock",
]

SEALING_KEY = "another secret of these tests, 32 bytes and more"
JWT_SECRET = "a secret that only these tests know, 32 bytes and more"
PASSWORD = "correct horse"
A_YEAR = 366 * 24 * 60  # minutes: moving the clock must not log anybody out
START = datetime(2027, 3, 3, 8, 0, tzinfo=UTC)


@dataclass
class Clock:
    """The time as the applications see it: a Wednesday morning, until a test moves it."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **duration: float) -> datetime:
        self.now += timedelta(**duration)
        return self.now


@dataclass
class WarmApp:
    """A process of the application that serves all tests of a worker, one after the other."""

    runtime: Runtime
    app: FastAPI
    _listeners: list[Callable[..., None]] = field(init=False)

    def __post_init__(self) -> None:
        self._listeners = list(self.runtime.outbox.on_commit)

    def forget(self) -> None:
        """Forget callers and what they did, as a process does that starts again."""
        runtime, state = self.runtime, self.app.state
        runtime.outbox.on_commit[:] = self._listeners
        runtime.database.writes_fail = False
        self.app.dependency_overrides.clear()
        if hasattr(state, "hub"):  # of the three processes, the api knows callers
            credentials: Credentials = state.credentials
            hub: Hub = state.hub
            credentials.invalidate()
            hub._audiences.clear()
            state.rate_limits = RateLimits.of(runtime.settings, runtime.now)
            state.scratch = Scratch(runtime.settings.scratch_bytes)
            state.export_work = export.ExportWork()
            state.import_work = transfer.ImportWork()
            state.calendars = Calendars()


@pytest.fixture(scope="session")
def worker_clock() -> Clock:
    """The clock of everything that a worker keeps."""
    return Clock()


@pytest.fixture
def clock(worker_clock: Clock) -> Clock:
    worker_clock.now = START
    return worker_clock


@pytest.fixture
async def warm_api(worker_database: WorkerDatabase, database_url: str, clock: Clock) -> WarmApp:
    """The worker's api, on a database without rows."""
    return await _forgetful_api(worker_database, clock)


@pytest.fixture
def runtime(warm_api: WarmApp) -> Runtime:
    """The parts of the api. Nothing listens where its sidecar would be."""
    return warm_api.runtime


@pytest.fixture
def api(warm_api: WarmApp) -> FastAPI:
    return warm_api.app


@pytest.fixture
async def client(api: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A user in Berlin, talking to the api."""
    async with logged_in(api) as user:
        yield user


@pytest.fixture
async def stranger(api: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Another user of the same api."""
    async with logged_in(api) as user:
        yield user


@pytest.fixture
async def client_on_one_database(
    sqlite_of_worker: WorkerDatabase, clock: Clock
) -> AsyncIterator[httpx.AsyncClient]:
    """As `client`, on one database only: for tables of inputs that are refused before a query."""
    await sqlite_of_worker.empty()
    warm = await _forgetful_api(sqlite_of_worker, clock)
    async with logged_in(warm.app) as user:
        yield user


@pytest.fixture
async def fresh_runtime(fresh_database_url: str, clock: Clock) -> AsyncIterator[Runtime]:
    """The parts of an api that only this test has."""
    async with _running_api(fresh_database_url, clock) as fresh:
        yield fresh.runtime


@pytest.fixture
def fresh_api(fresh_runtime: Runtime) -> FastAPI:
    return create_api(fresh_runtime)


@pytest.fixture
async def fresh_client(fresh_api: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A user in Berlin, talking to the fresh api."""
    async with logged_in(fresh_api) as user:
        yield user


@asynccontextmanager
async def calling(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a token; errors of the application become answers, as for people."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as caller:
        yield caller


@asynccontextmanager
async def signed_up(app: FastAPI, *, timezone: str = "Europe/Berlin") -> AsyncIterator[httpx.AsyncClient]:
    """A client that can sign up."""
    async with calling(app) as user:
        account = {"email": f"{uuid4().hex}@example.com", "password": PASSWORD, "timezone": timezone}
        answer = await user.post("/api/auth/signup", json=account)
        assert answer.is_success, answer.text
        user.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        yield user


@asynccontextmanager
async def logged_in(app: FastAPI, *, timezone: str = "Europe/Berlin") -> AsyncIterator[httpx.AsyncClient]:
    """A client with an account: the rows that `signed_up` leaves, without the cost of hashing a password."""
    runtime: Runtime = app.state.runtime
    name, now = uuid4().hex, runtime.now()
    account = User(
        email=f"{name}@example.com",
        name=name,
        timezone=timezone,
        password_hash=_password_hash(),
        created_at=now,
    )
    async with calling(app) as user:
        async with runtime.database.write() as session:
            session.add(account)
            await session.flush()
            _, tokens = await open_session(
                session, app.state.issuer, account.id, user_agent=user.headers["User-Agent"], now=now
            )
        user.headers["Authorization"] = f"Bearer {tokens.access_token}"
        yield user


async def user_id_of(user: httpx.AsyncClient) -> UUID:
    return UUID((await user.get("/api/me")).json()["id"])


async def _forgetful_api(database: WorkerDatabase, clock: Clock) -> WarmApp:
    warm = await database.part(_running_api, database.url, clock)
    warm.forget()
    return warm


@asynccontextmanager
async def _running_api(database_url: str, clock: Clock) -> AsyncIterator[WarmApp]:
    settings = Settings(
        database_url=database_url,
        jwt_secret=JWT_SECRET,
        sealing_key=SEALING_KEY,
        dapr_http_port=1,
        trust_any_sidecar=True,
        print_links=True,
        access_token_minutes=A_YEAR,
        session_days=1000,
    )
    runtime = await Runtime.assemble(settings, "api", now=clock)
    yield WarmApp(runtime, create_api(runtime))
    await runtime.close()


@cache
def _password_hash() -> str:
    return passwords._hasher.hash(PASSWORD)
