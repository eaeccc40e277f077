"""The schema goes up and down with rows in it, and is what the models say."""

from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from testbed.app.databases import migrate
from testbed.app.rows import all_rows, fill_every_table, inside, reflected
from testbed.app.service_process import run_command
from todoapp import migrations
from todoapp.kit.database import Base

NEWEST_FIRST = [each.revision for each in ScriptDirectory(str(migrations.FOLDER)).walk_revisions()]

# Alembic says so of every index on an expression: SQLite does not tell what is in it.
UNCOMPARED = pytest.mark.filterwarnings("ignore:.*expression-based index")


@UNCOMPARED
async def test_the_migrated_schema_is_what_the_models_say(fresh_database_url: str) -> None:
    assert await inside(fresh_database_url, differences_from_models) == []


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
