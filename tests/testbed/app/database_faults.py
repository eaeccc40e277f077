"""Drivers that fail where a test tells them to, beneath the whole application."""

import sqlite3
from dataclasses import dataclass
from typing import Any, Literal, Self

import asyncpg
from sqlalchemy import event

from todoapp.kit.database import Database

__all__ = ["Faults", "Point"]

Point = Literal["connecting", "preparing", "executing", "committing", "rolling back", "closing"]


@dataclass
class Faults:
    """Which error the driver raises, and where; `None` for a driver that works."""

    point: Point | None = None
    error: Exception | None = None

    def reach(self, point: Point) -> None:
        """
        Raises:
            Exception: the one that is set for this point.
        """
        if self.error is not None and self.point == point:
            raise self.error
        if self.point == "closing" and point == "executing":
            raise asyncpg.InternalClientError("this makes the pool close the connection")

    async def replace_driver(self, database: Database) -> None:
        """Have every new connection of `database` be one that fails as `self` says."""

        @event.listens_for(database.engine.sync_engine, "do_connect")
        def _connect(_dialect: Any, _record: Any, _arguments: Any, options: dict[str, Any]) -> None:
            if database.is_sqlite:
                self.reach("connecting")
                options["factory"] = _sqlite_connection(self)
            else:
                options |= {"async_creator_fn": self._connect_postgresql}

        await database.engine.dispose()

    async def _connect_postgresql(self, *arguments: Any, **options: Any) -> asyncpg.Connection:
        self.reach("connecting")
        return await asyncpg.connect(*arguments, connection_class=_postgresql_connection(self), **options)


def _postgresql_connection(faults: Faults) -> type[asyncpg.Connection]:
    class Connection(asyncpg.Connection):  # type: ignore[misc] # asyncpg has no types
        async def set_type_codec(self, *arguments: Any, **options: Any) -> None:
            faults.reach("preparing")
            await super().set_type_codec(*arguments, **options)

        async def prepare(self, *arguments: Any, **options: Any) -> Any:
            faults.reach("executing")
            return await super().prepare(*arguments, **options)

        async def execute(self, query: str, *arguments: Any, **options: Any) -> Any:
            match query:
                case "COMMIT;":
                    faults.reach("committing")
                case "ROLLBACK;":
                    faults.reach("rolling back")
            return await super().execute(query, *arguments, **options)

        async def close(self, **options: Any) -> None:
            faults.reach("closing")
            await super().close(**options)

    return Connection


def _sqlite_connection(faults: Faults) -> type[sqlite3.Connection]:
    class Cursor(sqlite3.Cursor):
        def execute(self, sql: str, parameters: Any = (), /) -> Self:
            faults.reach("preparing" if sql.startswith("PRAGMA") else "executing")
            return super().execute(sql, parameters)

    class Connection(sqlite3.Connection):
        def cursor(self, factory: Any = Cursor) -> Any:
            return super().cursor(factory)

        def commit(self) -> None:
            faults.reach("committing")
            super().commit()

        def rollback(self) -> None:
            super().rollback()
            faults.reach("rolling back")

    return Connection
