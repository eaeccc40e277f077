"""The schema goes up and down with rows in it, and is what the models say."""

import ast
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from pydantic import SecretStr
from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.schema import CreateSchema

from testbed.app.databases import migrate
from testbed.app.rows import all_rows, fill_every_table, inside, reflected
from testbed.app.service_process import run_command
from todoapp import migrations
from todoapp.kit.database import Base
from todoapp.kit.settings import Settings
from todoapp.migrations import runner

REVISIONS = sorted((migrations.FOLDER / "versions").glob("v*.py"))
NEWEST_FIRST = [each.revision for each in ScriptDirectory(str(migrations.FOLDER)).walk_revisions()]

SEARCH = "0002"
"""The revision that makes the search index, and the triggers that keep it."""
TRIGGERS = {
    "sqlite": {f"search_index_{verb}" for verb in ("insert", "update", "delete")},
    "postgresql": {f"search_vocabulary_{verb}" for verb in ("insert", "update", "delete")},
}
TRIGGER_NAMES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
}

# Alembic says so of every index on an expression: SQLite does not tell what is in it.
UNCOMPARED = pytest.mark.filterwarnings("ignore:.*expression-based index")


@UNCOMPARED
async def test_the_migrated_schema_is_what_the_models_say(fresh_database_url: str) -> None:
    assert await inside(fresh_database_url, differences_from_models) == []


@UNCOMPARED
async def test_every_revision_goes_down_and_up_again_with_rows(empty_database_url: str) -> None:
    migrate(empty_database_url)
    await inside(empty_database_url, fill_every_table)

    settings = Settings(database_url=SecretStr(empty_database_url))
    for revision in [*NEWEST_FIRST[1:], "base"]:
        await runner.migrate(settings, down_to=revision)
        assert set((await inside(empty_database_url, rows_by_table)).values()) <= {1}

    assert await inside(empty_database_url, rows_by_table) == {}
    migrate(empty_database_url)
    assert await inside(empty_database_url, differences_from_models) == []


async def test_constraints_are_those_of_the_models(fresh_database_url: str) -> None:
    """By name and text, which Alembic does not compare."""
    assert await inside(fresh_database_url, constraints) == await inside(
        fresh_database_url, modelled_constraints
    )


@pytest.mark.parametrize("revision", REVISIONS, ids=lambda path: path.stem)
def test_revision_leaves_names_of_constraints_to_the_convention(revision: Path) -> None:
    for call in ast.walk(ast.parse(revision.read_text())):
        kind = ast.unparse(call.func).rpartition(".")[2] if isinstance(call, ast.Call) else ""
        if isinstance(call, ast.Call) and kind.endswith("Constraint"):
            name = next((argument.value for argument in call.keywords if argument.arg == "name"), None)
            if kind != "CheckConstraint":
                assert name is None, f"line {call.lineno}: leave out the name; `kit.database` names a {kind}"
                continue
            assert isinstance(name, ast.Constant), f"line {call.lineno}: give the CHECK a name"
            assert not str(name.value).startswith("ck_"), (
                f"line {call.lineno}: leave `ck_` and the table out of the name; `kit.database` adds them"
            )


async def test_every_revision_is_the_same_from_both_sides(empty_database_url: str) -> None:
    kind = "sqlite" if empty_database_url.startswith("sqlite") else "postgresql"
    upwards = {}
    for revision in reversed(NEWEST_FIRST):
        await inside(empty_database_url, partial(alembic, command.upgrade, revision))
        upwards[revision] = (
            await inside(empty_database_url, constraints),
            await inside(empty_database_url, triggers),
        )
        expected = TRIGGERS[kind] if revision >= SEARCH else set()
        assert upwards[revision][1] == expected, (
            f"revision {revision} loses triggers of `tasks`, which keep the search index: "
            "`batch_alter_table` does that on SQLite; use `op.add_column` and `op.drop_column`"
        )

    for revision in NEWEST_FIRST[1:]:
        await inside(empty_database_url, partial(alembic, command.downgrade, revision))
        found = await inside(empty_database_url, constraints), await inside(empty_database_url, triggers)
        assert found == upwards[revision], f"going down to {revision} does not lead to what was there"


def test_the_application_may_lie_in_a_folder_of_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "100% mine"
    folder.mkdir()
    (folder / "todoapp").symlink_to(migrations.FOLDER.parent)

    migrated = run_command(
        "migrate", PYTHONPATH=str(folder), TODOAPP_DATABASE_URL=f"sqlite:///{tmp_path / 'todo.db'}"
    )

    assert migrated.returncode == 0, migrated.stderr


def alembic(run: Callable[[Config, str], None], revision: str, connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations.FOLDER))
    config.attributes["connection"] = connection
    run(config, revision)


def constraints(connection: Connection, schema: str | None = None) -> dict[str, list[str]]:
    """Table → its keys, references, unique columns and checks, by name and text."""
    found = inspect(connection)
    tables = [name for name in found.get_table_names(schema) if migrations.is_modelled(name, "table", {})]
    checks = {table: found.get_check_constraints(table, schema) for table in tables}
    return {
        table: sorted(
            [
                f"{found.get_pk_constraint(table, schema)['name']}",
                *(f"{key['name']}" for key in found.get_foreign_keys(table, schema)),
                *(f"{unique['name']}" for unique in found.get_unique_constraints(table, schema)),
                *(f"{check['name']}: {check['sqltext']}" for check in checks[table]),
            ]
        )
        for table in tables
        if table != "alembic_version"
    }


def modelled_constraints(connection: Connection) -> dict[str, list[str]]:
    """As `constraints`, of tables that the models made."""
    if connection.dialect.name == "sqlite":
        with create_engine("sqlite://").begin() as memory:
            Base.metadata.create_all(memory)
            return constraints(memory)
    connection.execute(CreateSchema("modelled"))
    there = connection.execution_options(schema_translate_map={None: "modelled"})
    Base.metadata.create_all(there)
    return constraints(there, "modelled")


def triggers(connection: Connection) -> set[str]:
    return set(connection.scalars(text(TRIGGER_NAMES[connection.dialect.name])))


def differences_from_models(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"include_name": migrations.is_modelled})
    return list(compare_metadata(context, Base.metadata))


def rows_by_table(connection: Connection) -> dict[str, int]:
    rows = all_rows(connection, reflected(connection))
    return {table: len(rows[table]) for table in rows if table != "alembic_version"}
