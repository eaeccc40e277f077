"""What a database is asked, as the driver gets it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, event

from todoapp.kit.database import Database

__all__ = ["Statements", "statements_of"]

Statements = list[tuple[str, Any]]
"""Texts with their parameters."""


@contextmanager
def statements_of(database: Database) -> Iterator[Statements]:
    """The statements in the block, in their order."""
    asked: Statements = []

    def note(_connection: Connection, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        asked.append((statement, parameters))

    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)
