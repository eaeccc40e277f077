"""What a worker keeps from test to test shows no test what another did."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Connection, Executable, column, select, table, text

from testbed.app.application import WarmApp, logged_in, signed_up, user_id_of
from testbed.app.databases import WorkerDatabase, fresh_database
from testbed.app.rows import fill_every_table, inside
from todoapp.features.accounts.model import RefreshToken, User, UserSession
from todoapp.kit.database import Database, col, table_of

TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
}
FTS5_AVERAGES = (r"(1, b'\x00\x00\x00\x00')", "(1, b'')")
"""The lengths of no entries, as FTS5 notes them after a change and before the first."""
UNTOUCHED = {"alembic_version", "search_index_config"}
OF_EACH_ACCOUNT = {"email", "id", "name", "password_hash", "session_id", "token_hash", "user_id"}


async def test_emptied_database_is_like_a_fresh_one(
    client: httpx.AsyncClient, worker_database: WorkerDatabase, request: pytest.FixtureRequest
) -> None:
    """Every table, the search index with all its parts and the sequences included."""
    with fresh_database(worker_database.kind, request) as fresh_url:
        fresh = await inside(fresh_url, contents)
    for title in ("Buy milk", "Buy bread", "Water the plants"):
        await client.post("/api/tasks", json={"title": title, "tags": ["home"]})
    used = await inside(worker_database.url, contents)
    await worker_database.empty()
    after_use = await inside(worker_database.url, contents)

    await inside(worker_database.url, fill_every_table)
    full = await inside(worker_database.url, contents)
    await worker_database.empty()

    assert {name for name in fresh if fresh[name] == used[name] == full[name]} <= UNTOUCHED
    assert after_use == fresh
    assert await inside(worker_database.url, contents) == fresh


async def test_app_starts_each_test_without_memory(
    client: httpx.AsyncClient, worker_database: WorkerDatabase, warm_api: WarmApp
) -> None:
    first = await client.get("/api/me")
    second = await client.get("/api/me")
    assert second.headers["ratelimit"] != first.headers["ratelimit"]
    warm_api.runtime.database.writes_fail = True
    warm_api.runtime.outbox.on_commit.append(print)
    warm_api.app.dependency_overrides[print] = print

    warm_api.forget()

    assert (await client.get("/api/me")).headers["ratelimit"] == first.headers["ratelimit"]
    assert not warm_api.runtime.database.writes_fail
    assert print not in warm_api.runtime.outbox.on_commit
    assert warm_api.app.dependency_overrides == {}


async def test_app_trusts_no_token_of_the_last_test(
    client: httpx.AsyncClient, worker_database: WorkerDatabase, warm_api: WarmApp
) -> None:
    await client.get("/api/me")
    await worker_database.empty()

    assert (await client.get("/api/sessions")).status_code == 200
    warm_api.forget()
    assert (await client.get("/api/sessions")).status_code == 401


def test_all_that_an_api_remembers_is_known(fresh_api: FastAPI) -> None:
    """`WarmApp.forget` has to know of more."""
    assert set(fresh_api.state._state) == {
        *("runtime", "issuer", "courier", "cookies", "guess_limits"),  # nothing of any request
        *("credentials", "rate_limits", "hub"),
        *("scratch", "export_work", "import_work", "calendars"),
    }


async def test_client_has_the_rows_of_a_sign_up(api: FastAPI, database: Database) -> None:
    async with logged_in(api) as client, signed_up(api) as newcomer:
        accounts = [await account_of(user, database) for user in (client, newcomer)]
        ada = {"email": (await client.get("/api/me")).json()["email"], "password": "correct horse"}

        assert accounts[0] == accounts[1]
        assert [len(rows) for rows in accounts[0]] == [1, 1, 1]
        assert (await client.post("/api/auth/login", json=ada)).status_code == 200


async def account_of(user: httpx.AsyncClient, database: Database) -> list[list[dict[str, Any]]]:
    """The rows of an account without what no two accounts have in common."""
    user_id = await user_id_of(user)
    sessions = select(col(UserSession.id)).where(col(UserSession.user_id) == user_id)
    queries = [
        select(table_of(User)).where(col(User.id) == user_id),
        select(table_of(UserSession)).where(col(UserSession.user_id) == user_id),
        select(table_of(RefreshToken)).where(col(RefreshToken.session_id).in_(sessions)),
    ]
    async with database.read() as session:
        return [
            [
                {name: value for name, value in row._asdict().items() if name not in OF_EACH_ACCOUNT}
                for row in await session.execute(query)
            ]
            for query in queries
        ]


def contents(connection: Connection) -> dict[str, list[str]]:
    """Table → its rows as text, for all tables there are; and on PostgreSQL how far sequences have come."""
    tables = connection.scalars(text(TABLES[connection.dialect.name])).all()
    queries: dict[str, Executable] = {name: select(text("*")).select_from(table(name)) for name in tables}
    if connection.dialect.name == "postgresql":
        queries["sequences"] = select(column("sequencename"), column("last_value")).select_from(
            table("pg_sequences")
        )
    return {
        name: sorted(str(row).replace(*FTS5_AVERAGES) for row in connection.execute(query))
        for name, query in queries.items()
    }
