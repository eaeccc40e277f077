"""Databases for tests, with the schema that `todoapp migrate` makes.

A worker has one of each kind, emptied before each test that asks for `database_url`. Fresh ones are for
tests of migrating, locking and restarting.
"""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    closing,
    contextmanager,
)
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ParamSpec, TypeVar

import asyncpg
import pytest
from sqlalchemy import delete

from testbed.app.service_process import environment
from testbed.postgresql import PostgreSQL, running_postgresql
from todoapp.kit.database import Base, Database, open_database
from todoapp.models import MODELS

__all__ = [
    "WorkerDatabase",
    "database",
    "database_url",
    "empty_database_url",
    "fresh_database",
    "fresh_database_url",
    "migrate",
    "opened_database",
    "postgres_template",
    "postgresql",
    "postgresql_of_worker",
    "sqlite_of_worker",
    "sqlite_template",
    "worker_database",
]

KINDS = ("sqlite", "postgresql")
LOCK_SECONDS = 20
"""How long emptying waits for a process of the last test that is still ending; then the test fails."""

Part = TypeVar("Part")
Arguments = ParamSpec("Arguments")


def migrate(database_url: str, *arguments: str) -> None:
    """Bring a database to the newest schema with the command that people use.

    Raises:
        CalledProcessError: its output is on the test's standard output.
    """
    subprocess.run(
        [sys.executable, "-m", "todoapp", "migrate", *arguments],
        env=environment({"TODOAPP_DATABASE_URL": database_url}),
        check=True,
    )


@dataclass
class WorkerDatabase:
    """The worker's one database of its kind, with what stays open on it from test to test."""

    kind: str
    url: str
    empty: Callable[[], Awaitable[None]]
    """Delete every row and start every sequence again."""
    _closing: AsyncExitStack
    _parts: dict[Callable[..., Any], Any] = field(default_factory=dict)

    async def part(
        self,
        opening: Callable[Arguments, AbstractAsyncContextManager[Part]],
        *arguments: Arguments.args,
        **options: Arguments.kwargs,
    ) -> Part:
        """What `opening` opens at the first call. It is closed before the database."""
        if opening not in self._parts:
            entered = await self._closing.enter_async_context(opening(*arguments, **options))
            self._parts[opening] = entered
        part: Part = self._parts[opening]
        return part


@asynccontextmanager
async def opened_database(url: str) -> AsyncIterator[Database]:
    opened = open_database(url)
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """One PostgreSQL server for the whole run."""
    with running_postgresql() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgresql: PostgreSQL) -> str:
    """The name of a migrated PostgreSQL database to copy."""
    name = "migrated"
    postgresql.create(name)
    migrate(postgresql.url(name))
    return name


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    file = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
async def sqlite_of_worker(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[WorkerDatabase]:
    file = shutil.copy(sqlite_template, tmp_path_factory.mktemp("worker") / "todo.db")
    deletions = [
        "BEGIN IMMEDIATE",
        *_deletions(),
        "UPDATE sqlite_sequence SET seq = 0",
        # Deleted entries stay in an FTS5 index as marks until it merges them.
        "INSERT INTO search_index (search_index) VALUES ('rebuild')",
        "COMMIT",
    ]
    script = ";".join([*deletions, ""])
    with closing(sqlite3.connect(file, timeout=LOCK_SECONDS, isolation_level=None)) as connection:

        async def empty() -> None:
            connection.executescript(script)

        async with AsyncExitStack() as stack:
            yield WorkerDatabase("sqlite", f"sqlite:///{file}", empty, stack)


@pytest.fixture(scope="session")
async def postgresql_of_worker(
    postgresql: PostgreSQL, postgres_template: str
) -> AsyncIterator[WorkerDatabase]:
    with postgresql.database(template=postgres_template) as url:
        connection = await asyncpg.connect(url, server_settings={"lock_timeout": f"{LOCK_SECONDS}s"})
        sequences = await connection.fetch("SELECT sequencename FROM pg_sequences")
        restarts = [f"SELECT setval('{each['sequencename']}', 1, false)" for each in sequences]
        script = ";".join([*_deletions(), *restarts])

        async def empty() -> None:
            await connection.execute(script)

        async with AsyncExitStack() as stack:
            yield WorkerDatabase("postgresql", url, empty, stack)
        await connection.close()


@pytest.fixture(params=KINDS)
def worker_database(request: pytest.FixtureRequest) -> WorkerDatabase:
    """The worker's database, once of each kind, with the rows that the last test left."""
    kept: WorkerDatabase = request.getfixturevalue(f"{request.param}_of_worker")
    return kept


@pytest.fixture
async def database_url(worker_database: WorkerDatabase) -> str:
    """A migrated database without rows, once of each kind."""
    await worker_database.empty()
    return worker_database.url


@pytest.fixture
async def database(worker_database: WorkerDatabase, database_url: str) -> Database:
    """An open `database_url`."""
    return await worker_database.part(opened_database, database_url)


@pytest.fixture(params=KINDS)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without any table, once of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'todo.db'}"
    else:
        server: PostgreSQL = request.getfixturevalue("postgresql")
        with server.database() as url:
            yield url


@pytest.fixture(params=KINDS)
def fresh_database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A migrated database that only this test has, once of each kind."""
    with fresh_database(request.param, request) as url:
        yield url


@contextmanager
def fresh_database(kind: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """A migrated database without rows.

    Yields:
        Its address.
    """
    if kind == "sqlite":
        with TemporaryDirectory() as folder:
            yield f"sqlite:///{shutil.copy(request.getfixturevalue('sqlite_template'), folder)}"
    else:
        template = request.getfixturevalue("postgres_template")
        server: PostgreSQL = request.getfixturevalue("postgresql")
        with server.database(template=template) as url:
            yield url


def _deletions() -> list[str]:
    """Statements that delete every row, those that refer to others first."""
    assert MODELS, "imported, or there were no tables"
    return [str(delete(table)) for table in reversed(Base.metadata.sorted_tables)]
