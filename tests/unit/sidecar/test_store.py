import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from todoapp_sidecar.store import InvalidState, Store


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store(tmp_path / "state.db") as opened:
        yield opened


def insert(key: str) -> str:
    return f"INSERT INTO state (store, key, value, etag) VALUES ('s', '{key}', '1', 'e')"  # noqa: S608


async def put(store: Store, key: str) -> None:
    await store.write(lambda connection: connection.execute(insert(key)))


async def keys(store: Store) -> list[str]:
    rows = await store.read(lambda connection: connection.execute("SELECT key FROM state").fetchall())
    return [key for (key,) in rows]


async def test_failed_write_does_not_fail_others_in_its_batch(store: Store) -> None:
    outcomes = await asyncio.gather(*(put(store, key) for key in "aba"), return_exceptions=True)

    assert sorted(await keys(store)) == ["a", "b"]
    assert isinstance(outcomes[2], sqlite3.IntegrityError)


async def test_the_version_changes_with_another_process_commit(store: Store, tmp_path: Path) -> None:
    before = await store.version()
    other = sqlite3.connect(tmp_path / "state.db", isolation_level=None)
    other.execute(insert("a"))
    other.close()

    assert await store.version() != before


async def test_a_file_of_another_format_is_refused(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "newer.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()

    with pytest.raises(InvalidState, match="has format 99, this sidecar's is 1"):
        Store(tmp_path / "newer.db")
