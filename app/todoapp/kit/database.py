"""The relational database: PostgreSQL in production, SQLite to start, one set of models for both."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf
from time import monotonic
from typing import Any, Self, TypeVar, cast
from uuid import UUID

import orjson
import uuid_utils.compat
from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Boolean,
    ColumnElement,
    Connection,
    DateTime,
    Dialect,
    Insert,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    Uuid,
    bindparam,
    event,
    make_url,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import URL, ExceptionContext
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, registry
from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry, PoolProxiedConnection
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeEngine
from sqlmodel import SQLModel

from todoapp.kit.outage import BARE_ERRORS, ConnectionLost, is_outage, loses_connection

__all__ = [
    "Base",
    "BigSerial",
    "Database",
    "Instant",
    "JsonValue",
    "byte_length",
    "col",
    "database_url",
    "insert_new",
    "insert_or_update",
    "is_one_of",
    "new_id",
    "open_database",
    "table_of",
]

Value = TypeVar("Value")

SQLITE_BUSY_SECONDS = 30
IDLE_SECONDS = 30

BigSerial = BigInteger().with_variant(Integer, "sqlite")
"""A growing integer key; SQLite counts up by itself only for INTEGER."""

JsonValue = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class Instant(TypeDecorator[datetime]):
    """A point in time; always aware and in UTC on the Python side."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        instant = value.astimezone(UTC)
        return instant.replace(tzinfo=None) if dialect.name == "sqlite" else instant

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Ids(TypeDecorator[Collection[UUID]]):
    """Any number of ids as one parameter: an array on PostgreSQL, JSON on SQLite."""

    impl = ARRAY(Uuid)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else ARRAY(Uuid))

    def process_bind_param(self, value: Collection[UUID] | None, dialect: Dialect) -> Any:
        if value is None or dialect.name != "sqlite":
            return value
        return orjson.dumps([each.hex for each in value]).decode()


def is_one_of(
    column: ColumnElement[UUID] | InstrumentedAttribute[UUID], parameter: str
) -> ColumnElement[bool]:
    """Whether an id is among those that a statement is run with.

    `IN` takes a parameter for each, and the database another statement for each number of them.
    """
    return _IsOneOf(column, bindparam(parameter, type_=Ids()))


class _IsOneOf(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True

    def self_group(self, against: OperatorType | None = None) -> Self:
        """Beside other conditions SQLAlchemy would add `= 1` on SQLite, which then uses no index."""
        return self


@compiles(_IsOneOf, "postgresql")
def _in_array(comparison: _IsOneOf, compiler: SQLCompiler, **options: Any) -> str:
    column, ids = (compiler.process(each, **options) for each in comparison.clauses)
    return f"{column} = ANY ({ids})"


@compiles(_IsOneOf, "sqlite")
def _in_json(comparison: _IsOneOf, compiler: SQLCompiler, **options: Any) -> str:
    column, ids = (compiler.process(each, **options) for each in comparison.clauses)
    return f"{column} IN (SELECT value FROM json_each({ids}))"  # noqa: S608 - both are compiled SQL


class byte_length(FunctionElement[int]):  # noqa: N801 - a function of SQL
    """How many bytes a text has in UTF-8."""

    type = Integer()
    inherit_cache = True


@compiles(byte_length, "postgresql")
def _octet_length(element: byte_length, compiler: SQLCompiler, **options: Any) -> str:
    return f"octet_length({compiler.process(element.clauses, **options)})"


@compiles(byte_length, "sqlite")
def _blob_length(element: byte_length, compiler: SQLCompiler, **options: Any) -> str:
    return f"length(CAST({compiler.process(element.clauses, **options)} AS BLOB))"


def insert_new(session: AsyncSession, table: Table) -> Insert:
    """INSERT … ON CONFLICT DO NOTHING, on either database; `RETURNING` tells the rows that are new."""
    return _insert(session, table).on_conflict_do_nothing()


def insert_or_update(
    session: AsyncSession,
    table: Table,
    values: Mapping[str, Any],
    *,
    key: Sequence[str],
    changes: Mapping[str, Any],
) -> Insert:
    """INSERT … ON CONFLICT DO UPDATE, on either database: `changes` where a row has the same `key`."""
    return _insert(session, table).values(**values).on_conflict_do_update(index_elements=key, set_=changes)


def _insert(session: AsyncSession, table: Table) -> postgresql.Insert | sqlite.Insert:
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    return insert(table)


METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""Names for the constraints of models and of migrations alike; only a CHECK is given the end of its name."""


class Base(SQLModel, registry=registry(metadata=METADATA)):
    """A row of one of our tables. A row equals only itself, even if another has the same columns.

    Pydantic would compare the columns, and rows could not be put in sets.
    """

    __eq__ = object.__eq__
    __hash__ = object.__hash__


def table_of(model: type[Base]) -> Table:
    """The table of a class. Statements that name it rather than the class make no objects (ADR 23)."""
    return METADATA.tables[str(model.__tablename__)]


def col(attribute: Value) -> InstrumentedAttribute[Value]:
    """A column or a relationship of a table class, for queries; type checkers take it for a row's value."""
    return cast("InstrumentedAttribute[Value]", attribute)


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562 §5.7): ids grow with time, so new rows sit together in an index."""
    return uuid_utils.compat.uuid7()


@dataclass
class Database:
    """An engine with its two kinds of transaction.

    On SQLite a writing transaction takes the write lock at its start. One that read first and
    wanted to write later would be refused as soon as another wrote in between. Writers of one process
    get their `_turn` in the order in which they came: SQLite's own waiting keeps no order, and under
    load some writers wait until they time out.
    """

    engine: AsyncEngine
    _writing: async_sessionmaker[AsyncSession]
    _reading: async_sessionmaker[AsyncSession]
    _turn: AbstractAsyncContextManager[None]
    writes_fail: bool = False
    """Whether the last write of this process failed for a reason of the database's, like a full disk."""

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """A transaction that commits at the end of the block and rolls back when it raises."""
        async with self._turn:
            try:
                async with self._writing.begin() as session:
                    yield session
            except (DBAPIError, ConnectionLost) as error:
                self.writes_fail = self.writes_fail or is_outage(error)
                raise
            self.writes_fail = False

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A transaction for queries only; nothing in it is committed."""
        async with self._reading() as session:
            yield session

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncSession]:
        """As `read`; all queries see the database at one moment, without later commits."""
        async with self.read() as session:
            if not self.is_sqlite:  # where every reading transaction is one
                await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            yield session

    async def close(self) -> None:
        await self.engine.dispose()


def database_url(url: str) -> URL:
    """Name the asynchronous driver for the URLs that people have.

    `postgresql://` and `postgres://` get asyncpg, `sqlite://` gets aiosqlite. libpq's `sslmode` is
    asyncpg's `ssl`; `channel_binding`, which asyncpg settles by itself, is left out.
    """
    parsed = make_url(url)
    match parsed.get_backend_name():
        case "postgresql" | "postgres":
            query = {key: value for key, value in parsed.query.items() if key != "channel_binding"}
            if "sslmode" in query:
                query["ssl"] = query.pop("sslmode")
            return parsed.set(drivername="postgresql+asyncpg", query=query)
        case "sqlite":
            return parsed.set(drivername="sqlite+aiosqlite")
        case other:
            raise ValueError(f"DATABASE_URL names the database {other!r}; use postgresql:// or sqlite://.")


def open_database(url: str, *, pool_size: int = 10) -> Database:
    """Make the engine; the first query connects.

    Raises:
        ValueError: the URL names neither PostgreSQL nor SQLite.
    """
    target = database_url(url)
    options: dict[str, Any] = {
        # Errors would show a statement's values in the log: people's tasks, and hashes of passwords.
        "hide_parameters": True,
        "json_serializer": lambda value: orjson.dumps(value).decode(),
        "json_deserializer": orjson.loads,
        "poolclass": _Pool,
        "pool_size": pool_size,
        "max_overflow": 0,
        "pool_timeout": 30,
    }
    if target.get_backend_name() == "sqlite":
        options["connect_args"] = {"timeout": SQLITE_BUSY_SECONDS}
    engine = create_async_engine(target, **options)
    event.listen(engine.sync_engine, "handle_error", _tell_outages)
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine)
        reader = engine.execution_options(read_only=True)
    else:
        _drop_idle_connections(engine)
        # Every statement sees its own snapshot in READ COMMITTED, so a transaction would add nothing.
        reader = engine.execution_options(isolation_level="AUTOCOMMIT")
    return Database(
        engine,
        _writing=async_sessionmaker(engine, expire_on_commit=False),
        _reading=async_sessionmaker(reader, expire_on_commit=False),
        _turn=asyncio.Lock() if engine.dialect.name == "sqlite" else nullcontext(),
    )


class _Pool(AsyncAdaptedQueuePool):
    """A pool that raises `ConnectionLost` for what breaks while a new connection is prepared.

    SQLAlchemy wraps the errors of connecting, but not those of its own first steps on the connection.
    """

    _sqla_logger_namespace = "sqlalchemy.pool.impl.AsyncAdaptedQueuePool"  # or its notes would pass for ours

    def connect(self) -> PoolProxiedConnection:
        try:
            return super().connect()
        except BARE_ERRORS as error:
            raise ConnectionLost from error


def _tell_outages(context: ExceptionContext) -> None:
    """Discard a connection that an error has broken, and wrap errors that SQLAlchemy does not."""
    error = context.original_exception
    if context.connection is None:  # none could be made
        context.is_disconnect = True
    elif loses_connection(error):
        context.is_disconnect = True
        context.invalidate_pool_on_disconnect = False
    if context.sqlalchemy_exception is None and isinstance(error, BARE_ERRORS):
        raise ConnectionLost from error


def _prepare_sqlite(engine: AsyncEngine) -> None:
    """Take over transactions from the driver, which begins them late and never IMMEDIATE."""

    @event.listens_for(engine.sync_engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        # FULL: a commit that was answered also survives a loss of power.
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        read_only = connection.get_execution_options().get("read_only", False)
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _drop_idle_connections(engine: AsyncEngine) -> None:
    """Never hand out a connection that was idle so long that a proxy may have closed it.

    Testing each connection would cost every request a round trip.
    """

    @event.listens_for(engine.sync_engine, "checkin")
    def _note_time(_connection: Any, record: ConnectionPoolEntry) -> None:
        record.info["resting_since"] = monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def _check_time(_connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
        if monotonic() - record.info.get("resting_since", inf) > IDLE_SECONDS:
            raise DisconnectionError("The connection rested too long.")
