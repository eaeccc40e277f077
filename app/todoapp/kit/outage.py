"""Telling "the database is away" from every other error."""

import socket

from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

__all__ = ["describe_outage", "is_outage"]

SQLSTATE_CLASSES = frozenset({"08", "40", "53", "57"})
"""Connection, transaction rollback, insufficient resources, operator intervention.

https://www.postgresql.org/docs/current/errcodes-appendix.html
"""

READ_ONLY = "25006"
"""What a standby says, and a database that its keeper has closed to writers."""

SQLITE_ERRORS = (
    *("SQLITE_BUSY", "SQLITE_CANTOPEN", "SQLITE_FULL"),
    *("SQLITE_IOERR", "SQLITE_LOCKED", "SQLITE_READONLY"),
)
"""https://www.sqlite.org/rescode.html; extended codes begin with these names."""


def is_outage(error: BaseException) -> bool:
    """Whether the same request can work later, when the database is back or less busy.

    asyncpg's errors while connecting arrive unwrapped, so they are known by their SQLSTATE.
    """
    match error:
        case PoolTimeoutError() | ConnectionError() | TimeoutError() | socket.gaierror():
            return True
        case DBAPIError():
            lost = error.connection_invalidated or isinstance(error, InterfaceError)
            return lost or (error.orig is not None and _is_transient(error.orig))
        case _:
            return _is_transient(error)


def describe_outage(error: BaseException) -> str:
    """What the driver says, without the statement and its parameters, which may be secret."""
    cause = (error.orig if isinstance(error, DBAPIError) else None) or error
    return f"{type(cause).__name__}: {cause}"


def _is_transient(error: BaseException) -> bool:
    sqlstate = getattr(error, "sqlstate", None) or ""
    sqlite_error = getattr(error, "sqlite_errorname", "")
    return sqlstate[:2] in SQLSTATE_CLASSES or sqlstate == READ_ONLY or sqlite_error.startswith(SQLITE_ERRORS)
