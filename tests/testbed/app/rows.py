"""The rows of all tables of a database."""

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Connection, MetaData, select

from todoapp.kit.database import open_database
from todoapp.migrations import is_modelled

__all__ = ["Rows", "all_rows", "inside", "reflected"]

Rows = dict[str, list[str]]
"""Table → its rows, each as text, sorted."""

Answer = TypeVar("Answer")


async def inside(database_url: str, work: Callable[[Connection], Answer]) -> Answer:
    """Do something with a database in one transaction and commit it."""
    database = open_database(database_url)
    try:
        async with database.engine.begin() as connection:
            return await connection.run_sync(work)
    finally:
        await database.close()


def reflected(connection: Connection) -> MetaData:
    """The tables that are really there, but for the inner ones of the search index."""
    found = MetaData()
    found.reflect(connection, only=lambda name, _: is_modelled(name, "table", {}))
    return found


def all_rows(connection: Connection, tables: MetaData) -> Rows:
    return {
        table.name: sorted(_text(row._asdict()) for row in connection.execute(select(table)))
        for table in tables.sorted_tables
    }


def _text(row: dict[str, Any]) -> str:
    """Columns and values; an id is spelled as JSON spells it."""
    return ", ".join(
        f"{name}={value if isinstance(value, UUID) else repr(value)}" for name, value in row.items()
    )
