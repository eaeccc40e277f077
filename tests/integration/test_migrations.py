"""The schema goes up and down with rows in it, and is what the models say."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import JSON, Boolean, Column, Connection, Float, Integer, LargeBinary, String, Uuid, insert

from testbed.app.databases import migrate
from testbed.app.rows import all_rows, inside, reflected
from testbed.app.service_process import run_command
from todoapp import migrations
from todoapp.features.tasks.text_index.document import SearchDocument, SearchVector
from todoapp.kit.database import Base, Instant

NEWEST_FIRST = [each.revision for each in ScriptDirectory(str(migrations.FOLDER)).walk_revisions()]

VALUES = {
    Uuid: UUID(int=1),
    String: "text",
    Integer: 1,
    Float: 1.0,
    LargeBinary: b"bytes",
    Boolean: True,
    Instant: datetime(2027, 3, 1, 9, tzinfo=UTC),
    JSON: {"key": "value"},
    SearchVector: SearchDocument(title=("text",), description=()),
}
EMPTY = {"reminders.remind_at"}
"""Columns that have to be empty because another one is not."""

# Alembic says so of every index on an expression: SQLite does not tell what is in it.
UNCOMPARED = pytest.mark.filterwarnings("ignore:.*expression-based index")


@UNCOMPARED
async def test_the_migrated_schema_is_what_the_models_say(database_url: str) -> None:
    assert await inside(database_url, differences_from_models) == []


@UNCOMPARED
async def test_every_revision_goes_down_and_up_again_with_rows(empty_database_url: str) -> None:
    migrate(empty_database_url)
    await inside(empty_database_url, fill_every_table)

    for revision in [*NEWEST_FIRST[1:], "base"]:
        migrate(empty_database_url, "--down", revision)
        assert set((await inside(empty_database_url, rows_by_table)).values()) <= {1}

    assert await inside(empty_database_url, rows_by_table) == {}
    migrate(empty_database_url)
    assert await inside(empty_database_url, differences_from_models) == []


def test_the_application_may_lie_in_a_folder_of_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "100% mine"
    folder.mkdir()
    (folder / "todoapp").symlink_to(migrations.FOLDER.parent)

    migrated = run_command(
        "migrate", PYTHONPATH=str(folder), TODOAPP_DATABASE_URL=f"sqlite:///{tmp_path / 'todo.db'}"
    )

    assert migrated.returncode == 0, migrated.stderr


def differences_from_models(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"include_name": migrations.is_modelled})
    return list(compare_metadata(context, Base.metadata))


def rows_by_table(connection: Connection) -> dict[str, int]:
    rows = all_rows(connection, reflected(connection))
    return {table: len(rows[table]) for table in rows if table != "alembic_version"}


def fill_every_table(connection: Connection) -> None:
    """Put one row into each table, referring to one another as the foreign keys ask."""
    for table in Base.metadata.sorted_tables:
        row = {column.name: value_for(column) for column in table.columns if column.computed is None}
        connection.execute(insert(table).values(row))


def value_for(column: Column[Any]) -> Any:
    """A value of the column's type; equal ones everywhere, so that foreign keys fit."""
    if str(column) in EMPTY:
        return None
    return next(value for kind, value in VALUES.items() if isinstance(column.type, kind))
