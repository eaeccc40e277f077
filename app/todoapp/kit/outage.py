"""Telling "the database is away" from every other error.

Any failure to connect is an outage, a wrong password included, because the request did not cause it. On an
open connection the driver's error tells an outage from other errors; SQLAlchemy wraps most of these errors,
and `kit.database` turns the others into `ConnectionLost`.
"""

import socket

import asyncpg
from sqlalchemy.exc import DBAPIError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

__all__ = ["BARE_ERRORS", "ConnectionLost", "describe_outage", "is_outage", "loses_connection"]

BARE_ERRORS = (
    *(asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError),
    *(OSError, EOFError),
)
"""What drivers raise, of themselves and of the network, where SQLAlchemy does not wrap it."""

SQLSTATE_CLASSES = frozenset({"08", "40", "53", "57", "58"})
"""Connection, transaction rollback, insufficient resources, operator intervention, system error.

https://www.postgresql.org/docs/current/errcodes-appendix.html
"""

SQLSTATES = frozenset({"25006", "25P03", "25P04", "55P03"})
"""A standby or a database closed to writers; the time limits of sessions, transactions and locks."""

SQLITE_ERRORS = (
    *("SQLITE_BUSY", "SQLITE_CANTOPEN", "SQLITE_FULL", "SQLITE_INTERRUPT", "SQLITE_IOERR"),
    *("SQLITE_LOCKED", "SQLITE_NOMEM", "SQLITE_PERM", "SQLITE_PROTOCOL", "SQLITE_READONLY"),
)
"""https://www.sqlite.org/rescode.html; extended codes begin with these names."""

CANNOT_RECONNECT = "8s2b"
"""SQLAlchemy's code for work on a transaction whose connection is lost."""


class ConnectionLost(Exception):
    """The driver failed outside of any statement's rules; the cause is its error."""


def is_outage(error: BaseException) -> bool:
    """Whether the same request can work later, when the database is back or less busy."""
    match error:
        case ConnectionLost() | PoolTimeoutError() | ConnectionError() | TimeoutError() | socket.gaierror():
            return True
        case PendingRollbackError():
            return error.code == CANNOT_RECONNECT
        case DBAPIError():
            return error.connection_invalidated or (error.orig is not None and _is_transient(error.orig))
        case _:
            return _is_transient(error)


def loses_connection(error: BaseException) -> bool:
    """Whether the driver and the server have lost each other, though the connection may look open.

    An `InternalClientError` is asyncpg's word for an answer that it did not expect there.
    """
    return isinstance(error, OSError | EOFError) or isinstance(error.__cause__, asyncpg.InternalClientError)


def describe_outage(error: BaseException) -> str:
    """What the driver says, without the statement and its parameters, which may be secret."""
    match error:
        case ConnectionLost():
            cause = error.__cause__ or error
        case DBAPIError():
            cause = error.orig or error
        case _:
            cause = error
    return f"{type(cause).__name__}: {cause}"


def _is_transient(error: BaseException) -> bool:
    if isinstance(error.__cause__, asyncpg.InvalidCachedStatementError):
        return True  # prepared before the schema changed; the next attempt prepares it again
    sqlstate = getattr(error, "sqlstate", None) or ""
    sqlite_error = getattr(error, "sqlite_errorname", "")
    return sqlstate[:2] in SQLSTATE_CLASSES or sqlstate in SQLSTATES or sqlite_error.startswith(SQLITE_ERRORS)
