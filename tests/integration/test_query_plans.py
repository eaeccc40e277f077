"""No list and no search of one user reads a whole table, however many tasks all users have."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import ClauseElement, Connection, Executable, Select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from testbed.postgresql import PostgreSQL
from testbed.rows import inside
from todoapp.database import open_database
from todoapp.tasks.listing import Selection, SortBy, TaskQuery, select_tasks
from todoapp.tasks.searching.query import parse

NOW = datetime(2027, 3, 3, 8, 0, tzinfo=UTC)

ROWS = (
    """
    INSERT INTO users (id, email, name, password_hash, timezone, change_seq, version, created_at)
    SELECT gen_random_uuid(), n || '@example.com', 'n', 'x', 'UTC', 0, 1, now()
    FROM generate_series(1, 100) n
    """,
    """
    INSERT INTO tags (id, user_id, name, name_key, version, created_at, updated_at)
    SELECT gen_random_uuid(), users.id, n, n, 1, now(), now() FROM users, generate_series(1, 20) n
    """,
    """
    INSERT INTO categories (id, user_id, name, name_key, version, created_at, updated_at)
    SELECT gen_random_uuid(), users.id, n, n, 1, now(), now() FROM users, generate_series(1, 20) n
    """,
    """
    INSERT INTO tasks (
        id, user_id, title, description, words, completed, priority, due_at, overdue_at, all_day, timezone,
        category_id, series_start, occurrence, position, version, created_at, updated_at
    )
    SELECT
        gen_random_uuid(), owner.id, title, '',
        to_tsvector('simple', key || replace(' ' || title, ' ', ' ' || key)),
        n % 3 = 0, n % 5, due_at, due_at, false, 'UTC',
        categories.id, CASE WHEN n % 50 = 0 THEN '2027-03-01T09:00:00' END, 1, n, 1, changed_at, changed_at
    FROM generate_series(1, 200000) n
    JOIN (SELECT id, 'u' || right(id::text, 6) AS key, row_number() OVER () AS number FROM users) owner
        ON owner.number = 1 + n % 100
    LEFT JOIN categories ON categories.user_id = owner.id AND categories.name = (n % 97)::text
    JOIN LATERAL (
        SELECT
            (ARRAY['wash', 'paint', 'mend', 'buy', 'sell'])[1 + n % 5] || ' the '
                || (ARRAY['window', 'car', 'bike'])[1 + n % 3] || ' ' || n % 997 AS title,
            CASE WHEN n % 7 > 0 THEN '2027-03-03 08:00Z'::timestamptz + (n % 10000 - 5000) * interval '1 hour'
                END AS due_at,
            '2027-03-03 08:00Z'::timestamptz - n * interval '1 second' AS changed_at
    ) made ON true
    """,
    """
    INSERT INTO task_tags (task_id, tag_id)
    SELECT tasks.id, tags.id FROM tasks JOIN tags USING (user_id)
    WHERE tags.name = (tasks.position::integer % 31)::text
    """,
)
"""Statements that fill the database at once."""

SORTS = [
    {"sort_by": key, "sort_order": order}
    for key in SortBy
    for order in ("asc", "desc")
    if key is not SortBy.RELEVANCE
]
FILTERS: list[dict[str, Any]] = [
    {"status": "open"},
    {"status": "completed"},
    {"priority": ["high", "urgent"]},
    {"tags": ["3"]},
    {"tags": ["3", "4"]},
    {"tags": ["3", "4"], "tags_mode": "all"},
    {"category": "3"},
    {"due_after": NOW},
    {"due_before": NOW},
    {"overdue": True},
    {"overdue": False},
    {"recurring": True},
    {"recurring": False},
    {"updated_since": NOW},
    {"status": "open", "priority": ["high"], "tags": ["3"], "due_before": NOW},
]
SEARCHES = ["wash", "wash the window", '"wash the"', "was -window", "-wash", "w", "nothing"]


class Explain(Executable, ClauseElement):
    """PostgreSQL's plan for a statement."""

    inherit_cache = False

    def __init__(self, statement: Select[*tuple[Any, ...]]) -> None:
        self.statement = statement


@compiles(Explain, "postgresql")
def _explain(explain: Explain, compiler: SQLCompiler, **options: Any) -> str:
    return f"EXPLAIN (FORMAT JSON) {compiler.process(explain.statement, **options)}"


@pytest.fixture(scope="module")
def large_database_url(postgresql: PostgreSQL, postgres_template: str) -> Iterator[str]:
    """A database in which the tasks of one user are a hundredth of all."""
    postgresql.create("large", template=postgres_template)
    asyncio.run(inside(postgresql.url("large"), fill))
    yield postgresql.url("large")
    postgresql.drop("large")


@pytest.fixture
async def large(large_database_url: str) -> AsyncIterator[AsyncSession]:
    database = open_database(large_database_url)
    async with database.read() as session:
        yield session
    await database.close()


def fill(connection: Connection) -> None:
    indexes = text(
        "SELECT indexname, indexdef FROM pg_indexes"
        " WHERE tablename = 'tasks' AND indexname NOT IN (SELECT conname FROM pg_constraint)"
    )
    definitions = connection.execute(indexes).all()
    # An index is built faster than filled. The triggers would look at every row for itself.
    for name, _ in definitions:
        connection.exec_driver_sql(f"DROP INDEX {name}")
    connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
    for statement in (*ROWS, *(definition for _, definition in definitions)):
        connection.exec_driver_sql(statement)
    connection.exec_driver_sql("ANALYZE")


@pytest.mark.parametrize("sort", SORTS, ids=lambda sort: f"{sort['sort_by']} {sort['sort_order']}")
async def test_a_sorted_list_is_read_in_order_from_an_index(
    large: AsyncSession, sort: dict[str, Any]
) -> None:
    query = TaskQuery(**sort)

    kinds = await plan_of(large, (await selection(large, query)).page)

    assert kinds == ["Limit", "Index Scan"]


@pytest.mark.parametrize("wanted", FILTERS, ids=str)
async def test_a_filtered_list_reads_no_whole_table(large: AsyncSession, wanted: dict[str, Any]) -> None:
    for sort_by in set(SortBy) - {SortBy.RELEVANCE}:
        statements = await selection(large, TaskQuery(**wanted, sort_by=sort_by))

        assert "Seq Scan" not in await plan_of(large, statements.page)
        assert "Seq Scan" not in await plan_of(large, statements.total)


@pytest.mark.parametrize("search", SEARCHES)
async def test_a_search_reads_no_whole_table(large: AsyncSession, search: str) -> None:
    for wanted in ({}, *FILTERS):
        statements = await selection(large, TaskQuery(**wanted, search=search, sort_by=SortBy.RELEVANCE))

        assert "Seq Scan" not in await plan_of(large, statements.page)
        assert "Seq Scan" not in await plan_of(large, statements.total)


async def selection(session: AsyncSession, query: TaskQuery) -> Selection:
    user_id: UUID = await session.scalar(text("SELECT id FROM users LIMIT 1"))
    searched = parse(query.search) if query.search else None
    return select_tasks(user_id, query, searched, now=NOW, dialect="postgresql")


async def plan_of(session: AsyncSession, statement: Select[*tuple[Any, ...]]) -> list[str]:
    """The kinds of a plan's nodes, the outermost first."""
    [explained] = await session.scalar(Explain(statement)) or []
    return list(kinds_in(explained["Plan"]))


def kinds_in(node: dict[str, Any]) -> Iterator[str]:
    yield node["Node Type"]
    for inner in node.get("Plans", []):
        yield from kinds_in(inner)
