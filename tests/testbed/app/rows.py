"""The rows of all tables of a database."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Uuid,
    insert,
    select,
)
from sqlmodel import AutoString

from todoapp.features.tasks.text_index.document import SearchDocument, SearchVector
from todoapp.kit.database import Base, Instant, open_database
from todoapp.migrations import is_modelled

__all__ = ["Rows", "all_rows", "fill_every_table", "inside", "reflected"]

Rows = dict[str, list[str]]
"""Table → its rows, each as text, sorted."""

VALUES = {
    Uuid: UUID(int=1),
    String: "text",
    AutoString: "text",
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
    """The tables that exist in the database, except the inner ones of the search index."""
    found = MetaData()
    found.reflect(connection, only=lambda name, _: is_modelled(name, "table", {}))
    return found


def all_rows(connection: Connection, tables: MetaData) -> Rows:
    return {
        table.name: sorted(_text(row._asdict()) for row in connection.execute(select(table)))
        for table in tables.sorted_tables
    }


def fill_every_table(connection: Connection) -> None:
    """Put one row into each table, referring to one another as the foreign keys ask."""
    for table in Base.metadata.sorted_tables:
        row = {column.name: _value_for(column) for column in table.columns if column.computed is None}
        connection.execute(insert(table).values(row))


def _value_for(column: Column[Any]) -> Any:
    """A value of the column's type; equal ones everywhere, so that foreign keys fit."""
    if str(column) in EMPTY:
        return None
    return next(value for kind, value in VALUES.items() if isinstance(column.type, kind))


def _text(row: dict[str, Any]) -> str:
    """Columns and values; an id is spelled as JSON spells it."""
    return ", ".join(
        f"{name}={value if isinstance(value, UUID) else repr(value)}" for name, value in row.items()
    )
