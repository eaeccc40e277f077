"""Databases for tests: each one fresh, with the schema that `todoapp migrate` makes."""

import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from testbed.app.service_process import environment
from testbed.postgresql import PostgreSQL, running_postgresql
from todoapp.kit.database import Database, open_database

__all__ = [
    "database",
    "database_url",
    "empty_database_url",
    "migrate",
    "postgres_template",
    "postgresql",
    "sqlite_template",
]


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


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without any table, once of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'todo.db'}"
    else:
        server: PostgreSQL = request.getfixturevalue("postgresql")
        with server.database() as url:
            yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A migrated database without rows, once of each kind."""
    if request.param == "sqlite":
        file = shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "todo.db")
        yield f"sqlite:///{file}"
    else:
        template = request.getfixturevalue("postgres_template")
        server: PostgreSQL = request.getfixturevalue("postgresql")
        with server.database(template=template) as url:
            yield url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open `database_url`."""
    opened = open_database(database_url)
    yield opened
    await opened.close()
