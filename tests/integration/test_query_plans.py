"""No list and no search of one user reads a whole table, however many tasks all users have."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import ClauseElement, Connection, Executable, Select, event, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from testbed.app.many_tasks import WORDS, add_crowd, add_tasks
from testbed.app.rows import inside
from testbed.postgresql import PostgreSQL
from todoapp.features.accounts.model import User
from todoapp.features.activity.service import ActivityQuery, list_activity
from todoapp.features.importing.identity import tasks_naming
from todoapp.features.notifications.service import NotificationQuery, list_notifications
from todoapp.features.reminders.listing import ReminderQuery, list_reminders
from todoapp.features.tasks.listing import Selection, SortBy, TaskQuery, list_tasks, select_tasks
from todoapp.features.tasks.queries import views
from todoapp.features.tasks.text_search.query import parse
from todoapp.kit.database import open_database
from todoapp.messaging.feed import changes_since

pytestmark = pytest.mark.timeout(func_only=True)  # not of the million rows, which take a minute or more

ADA = UUID("01980000-0000-7000-8000-0000000ada00")
NOBODY = UUID("01980000-0000-7000-8000-00000000b0d4")
NOW = datetime(2027, 3, 3, 8, 0, tzinfo=UTC)

OTHERS = 99
"""who have as many tasks each as the one who asks: together a million"""

CHANGES = 1000
"""of each user's data: as many lie in the feed, in the activity log and among the notifications"""

HISTORY = (
    """
    INSERT INTO activity_logs
        (id, event_id, event_type, user_id, task_id, actor, occurred_at, changes, snapshot)
    SELECT gen_random_uuid(), gen_random_uuid(), 'task.created', user_id, id, 'user', created_at, '{}', '{}'
    FROM tasks WHERE position < 1000
    """,
    """
    INSERT INTO notifications (id, user_id, task_id, kind, message, read_at, created_at)
    SELECT gen_random_uuid(), user_id, id, 'reminder', title, CASE WHEN completed THEN now() END, created_at
    FROM tasks WHERE position < 1000
    """,
    """
    INSERT INTO outbox (user_id, user_seq, event_id, topic, key, event, created_at, published_at, attempts)
    SELECT user_id, 1 + position, gen_random_uuid(), 'task-updates', user_id::text, '{}', created_at, now(), 1
    FROM tasks WHERE position < 1000
    """,
    """
    INSERT INTO reminders
        (id, user_id, task_id, offset_minutes, due_at, status, version, created_at, updated_at)
    SELECT gen_random_uuid(), user_id, id, 30, due_at, 'scheduled', 1, created_at, created_at
    FROM tasks WHERE position < 1000 AND due_at IS NOT NULL
    """,
    "ANALYZE activity_logs, notifications, outbox, reminders",
)
"""Statements that let something have happened to as many tasks of each."""

LARGE = {"activity_logs", "notifications", "outbox", "reminders", "task_tags", "tasks"}
"""Tables; of the others PostgreSQL may well read all pages, because they are few."""

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
    {"tags": ["tag-3"]},
    {"tags": ["tag-3", "tag-4"]},
    {"tags": ["tag-3", "tag-4"], "tags_mode": "all"},
    {"category": "category-3"},
    {"due_after": NOW},
    {"due_before": NOW},
    {"overdue": True},
    {"overdue": False},
    {"recurring": True},
    {"recurring": False},
    {"updated_since": NOW},
    {"status": "open", "priority": ["high"], "tags": ["tag-3"], "due_before": NOW},
]
MOST, SOME, FEW = WORDS[0], WORDS[100], WORDS[-1]
SEARCHES = [
    MOST,
    FEW,
    f"{MOST} {SOME} {FEW}",
    f'"{MOST} {SOME}"',
    f"{MOST[:3]} -{SOME}",
    f"-{MOST}",
    MOST[0],
    "nothing",
]


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
    """A database with a million tasks, of which the user's are a hundredth."""
    with postgresql.database(template=postgres_template) as url:
        asyncio.run(inside(url, fill))
        yield url


@pytest.fixture
async def large(large_database_url: str) -> AsyncIterator[AsyncSession]:
    database = open_database(large_database_url)
    async with database.read() as session:
        yield session
    await database.close()


def fill(connection: Connection) -> None:
    user = {
        "id": ADA,
        "email": "ada@example.com",
        "name": "Ada",
        "password_hash": "",
        "timezone": "UTC",
        "change_seq": CHANGES,
        "created_at": NOW,
    }
    connection.execute(insert(User), user)
    add_tasks(connection, ADA, now=NOW, longest_description=0)
    add_crowd(connection, ADA, OTHERS)
    for statement in HISTORY:
        connection.exec_driver_sql(statement)


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


@pytest.mark.parametrize("sort", SORTS, ids=lambda sort: f"{sort['sort_by']} {sort['sort_order']}")
async def test_a_later_page_reads_no_whole_table(large: AsyncSession, sort: dict[str, Any]) -> None:
    query = TaskQuery(**sort)
    first = await list_tasks(large, ADA, query, now=NOW)

    statements = await selection(large, query.model_copy(update={"cursor": first.next_cursor}))

    assert "Seq Scan" not in await plan_of(large, statements.page)


async def show_the_newest_tasks(session: AsyncSession) -> None:
    page = await list_tasks(session, ADA, TaskQuery(), now=NOW)
    await views(session, page.tasks, now=NOW)


@pytest.mark.parametrize(
    "read",
    [
        lambda session: list_activity(session, ADA, ActivityQuery(event_type=["task.created"])),
        lambda session: list_activity(session, ADA, ActivityQuery(task_id=ADA)),
        lambda session: list_notifications(session, ADA, NotificationQuery(unread=True)),
        lambda session: list_reminders(session, ADA, ReminderQuery()),
        lambda session: changes_since(session, ADA, CHANGES, limit=200),
        show_the_newest_tasks,
        lambda session: tasks_naming(session, [ADA, NOBODY]),
    ],
    ids=["activity", "history", "notifications", "reminders", "sync", "tags and reminders", "import"],
)
async def test_other_queries_read_no_whole_table(
    large: AsyncSession, read: Callable[[AsyncSession], Awaitable[object]]
) -> None:
    with statements_of(large) as statements:
        await read(large)

    assert statements
    for statement, parameters in statements:
        assert not LARGE & await tables_read_whole(large, statement, parameters), statement


async def selection(session: AsyncSession, query: TaskQuery) -> Selection:
    searched = parse(query.search) if query.search else None
    return select_tasks(ADA, query, searched, now=NOW, dialect="postgresql")


@contextmanager
def statements_of(session: AsyncSession) -> Iterator[list[tuple[str, tuple[object, ...]]]]:
    """What the session asks for in the block, as the driver gets it."""
    asked: list[tuple[str, tuple[object, ...]]] = []

    def note(_connection: Connection, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        asked.append((statement, parameters))

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)


async def tables_read_whole(
    session: AsyncSession, statement: str, parameters: tuple[object, ...]
) -> set[str]:
    connection = await session.connection()
    explained = await connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
    [plan] = explained.scalar_one()
    return {node["Relation Name"] for node in nodes_of(plan["Plan"]) if node["Node Type"] == "Seq Scan"}


async def plan_of(session: AsyncSession, statement: Select[*tuple[Any, ...]]) -> list[str]:
    """The kinds of a plan's nodes, the outermost first."""
    [explained] = await session.scalar(Explain(statement)) or []
    return [node["Node Type"] for node in nodes_of(explained["Plan"])]


def nodes_of(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", []):
        yield from nodes_of(inner)
