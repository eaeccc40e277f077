"""Errors of real databases that are away, and of ones that are not."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from testbed.ports import free_port
from todoapp.kit.outage import describe_outage, is_outage

# aiosqlite's thread tells the loop of a failed connection when that loop may have ended already.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")


async def error_of(url: str, statement: str = "SELECT 1", *, patience: float = 5) -> Exception:
    timeout = {"timeout": patience}
    engine = create_async_engine(url, connect_args=timeout)
    try:
        async with engine.begin() as connection:
            await connection.execute(text(statement))
    except Exception as error:
        return error
    finally:
        await engine.dispose()
    raise AssertionError("The database answered.")


async def test_a_refused_connection_is_an_outage() -> None:
    error = await error_of(f"postgresql+asyncpg://todo:swordfish@127.0.0.1:{free_port()}/todo")

    assert is_outage(error)
    assert "swordfish" not in describe_outage(error)


async def test_an_unopenable_file_is_an_outage(tmp_path: Path) -> None:
    assert is_outage(await error_of(f"sqlite+aiosqlite:///{tmp_path / 'missing' / 'todo.db'}"))


async def test_a_locked_database_is_an_outage(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "todo.db") as other:
        other.execute("CREATE TABLE tasks (title)")
        other.execute("BEGIN EXCLUSIVE")
        url = f"sqlite+aiosqlite:///{tmp_path / 'todo.db'}"
        error = await error_of(url, "INSERT INTO tasks VALUES ('secret')", patience=0)

    assert is_outage(error)
    assert "secret" not in describe_outage(error)


async def test_a_read_only_file_is_an_outage(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "todo.db") as other:
        other.execute("CREATE TABLE tasks (title)")
    url = f"sqlite+aiosqlite:///file:{tmp_path / 'todo.db'}?mode=ro&uri=true"

    assert is_outage(await error_of(url, "INSERT INTO tasks VALUES ('secret')"))


async def test_a_faulty_query_is_not_an_outage(tmp_path: Path) -> None:
    assert not is_outage(await error_of(f"sqlite+aiosqlite:///{tmp_path / 'todo.db'}", "SELECT nonsense"))


@pytest.mark.parametrize("error", [ValueError(), KeyError("sqlstate"), FileNotFoundError()])
def test_other_errors_are_not_outages(error: Exception) -> None:
    assert not is_outage(error)
