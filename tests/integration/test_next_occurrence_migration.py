"""The migration that stores next occurrences fills them in for the tasks that are there."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, insert, select

from testbed.app.databases import migrate
from testbed.app.rows import inside
from todoapp import migrations
from todoapp.features.accounts.model import User
from todoapp.features.tasks.model import tasks
from todoapp.kit.database import table_of

DUE = datetime(2027, 3, 1, 8, tzinfo=UTC)  # a Monday, 09:00 in Berlin
OWNER = UUID(int=7)
[REVISION] = [
    each
    for each in ScriptDirectory(str(migrations.FOLDER)).walk_revisions()
    if each.path.endswith("_next_occurrence.py")
]

RULES: dict[str, dict[str, Any]] = {
    "daily": {"rrule": "FREQ=DAILY", "basis": "due"},
    "counted": {"rrule": "FREQ=DAILY;COUNT=9999", "basis": "due"},
    "restarts": {"rrule": "FREQ=DAILY;COUNT=3", "basis": "completion"},
    "cron": {"cron": "0 9 * * *"},
    "never": {"rrule": "FREQ=DAILY;INTERVAL=7;BYDAY=TU", "basis": "due"},
    "done": {"rrule": "FREQ=DAILY;COUNT=9", "basis": "due"},
}


async def test_open_tasks_get_their_next_occurrence_stored(empty_database_url: str) -> None:
    migrate(empty_database_url)
    ids = await inside(empty_database_url, add_tasks)
    await inside(empty_database_url, partial(alembic, command.downgrade, str(REVISION.down_revision)))

    await inside(empty_database_url, partial(alembic, command.upgrade, "head"))

    found = await inside(empty_database_url, stored)
    for title in ("daily", "counted", "cron"):
        assert found[ids[title]].next_due_at > datetime.now(UTC)
    for title in ("restarts", "never", "done"):
        assert found[ids[title]].next_due_at is None
    last = {title: found[ids[title]].series_last for title in RULES if found[ids[title]].series_last}
    assert last == {"counted": "2054-07-15T09:00:00", "done": "2027-03-09T09:00:00"}


def alembic(run: Callable[[Config, str], None], revision: str, connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations.FOLDER))
    config.attributes["connection"] = connection
    run(config, revision)


def add_tasks(connection: Connection) -> dict[str, UUID]:
    """One task of each rule, by its title."""
    owner = User(
        id=OWNER,
        email="ada@example.com",
        password_hash="none",
        name="Ada",
        timezone="Europe/Berlin",
        created_at=DUE,
    )
    users = table_of(User)
    connection.execute(insert(users).values({column.name: getattr(owner, column.key) for column in users.c}))
    ids = {title: uuid4() for title in RULES}
    for title, rule in RULES.items():
        connection.execute(
            insert(tasks).values(
                id=ids[title],
                user_id=OWNER,
                title=title,
                description="",
                completed=title == "done",
                priority=0,
                all_day=False,
                due_at=DUE,
                overdue_at=DUE,
                timezone="Europe/Berlin",
                recurrence=rule,
                series_id=ids[title],
                series_start="2027-03-01T09:00:00",
                scheduled_for="2027-03-01T09:00:00",
                occurrence=1,
                position=1.0,
                version=1,
                created_at=DUE,
                updated_at=DUE,
            )
        )
    return ids


def stored(connection: Connection) -> dict[UUID, Any]:
    rows = connection.execute(select(tasks.c.id, tasks.c.series_last, tasks.c.next_due_at))
    return {row.id: row for row in rows}
