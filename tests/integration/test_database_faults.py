"""Every error of the driver, at every point: the answer asks to try again, and the next try works."""

import asyncio
import socket
import sqlite3
import ssl

import asyncpg
import httpx
import pytest

from testbed.app.database_faults import Faults, Point
from todoapp.kit.database import Database
from todoapp.kit.outage import SQLITE_ERRORS, SQLSTATE_CLASSES, SQLSTATES
from todoapp.processes.runtime import Runtime

OUTAGE = (503, "1", "database-away")
POINTS: tuple[Point, ...] = ("connecting", "preparing", "executing", "committing", "rolling back")


def network_errors() -> list[Exception]:
    return [
        ConnectionRefusedError(111, "Connection refused"),
        ConnectionResetError(104, "Connection reset by peer"),
        BrokenPipeError(32, "Broken pipe"),
        OSError(113, "No route to host"),
        OSError("Multiple exceptions: [Errno 111] Connect call failed"),
        FileNotFoundError(2, "No such socket"),
        TimeoutError(),
        socket.gaierror(-2, "Name or service not known"),
        ssl.SSLError(1, "unexpected eof"),
        asyncio.IncompleteReadError(b"", 5),
    ]


def outages_of_postgresql() -> list[Exception]:
    """An error of every class of asyncpg that says nothing about the statement."""
    refusals = [
        kind("from the server")
        for kind in vars(asyncpg.exceptions).values()
        if isinstance(kind, type)
        and issubclass(kind, asyncpg.PostgresError)
        and (str(sqlstate := getattr(kind, "sqlstate", ""))[:2] in SQLSTATE_CLASSES or sqlstate in SQLSTATES)
    ]
    return [
        *refusals,
        asyncpg.InvalidCachedStatementError("cached statement plan is invalid"),
        asyncpg.InternalClientError("got result for unknown protocol state"),
        asyncpg.ProtocolError("unexpected message"),
        asyncpg.TargetServerAttributeNotMatched("None of the hosts match the target attribute"),
        asyncpg.OutdatedSchemaCacheError("unexpected number of attributes"),
        *network_errors(),
    ]


def refusals_to_connect() -> list[Exception]:
    return [
        *outages_of_postgresql(),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.ClientConfigurationError("no such certificate"),
        asyncpg.UnsupportedServerFeatureError("too old"),
        asyncpg.InvalidPasswordError("password authentication failed"),
        asyncpg.InvalidCatalogNameError("the database does not exist"),
        asyncpg.InsufficientPrivilegeError("permission denied for database"),
    ]


def mistakes(database: Database) -> list[Exception]:
    """What only a bug of ours makes a driver say, on a connection that lives."""
    if database.is_sqlite:
        return [sqlite3.InterfaceError("bad parameter"), sqlite_error("SQLITE_ERROR")]
    return [
        asyncpg.InterfaceError("the server expects 2 arguments for this query, 1 was passed"),
        asyncpg.UndefinedColumnError("column does not exist"),
        asyncpg.UniqueViolationError("duplicate key"),
        asyncpg.NumericValueOutOfRangeError("out of range"),
    ]


def sqlite_error(name: str) -> sqlite3.Error:
    error = sqlite3.OperationalError(name)
    error.sqlite_errorname = name
    return error


def outages(database: Database, point: Point) -> list[Exception]:
    if database.is_sqlite:
        return [sqlite_error(name) for name in (*SQLITE_ERRORS, "SQLITE_IOERR_FSYNC")]
    return refusals_to_connect() if point in ("connecting", "preparing") else outages_of_postgresql()


@pytest.fixture
async def faults(runtime: Runtime, client: httpx.AsyncClient) -> Faults:
    """The api's driver, once there is a user."""
    faults = Faults()
    await faults.replace_driver(runtime.database)
    return faults


async def write(client: httpx.AsyncClient, point: Point) -> httpx.Response:
    """A request that reaches `point`: only one that is refused rolls anything back."""
    label = "Home" if point == "rolling back" else f"Label {point}"
    return await client.post("/api/tags", json={"name": label})


async def answers_to(
    errors: list[Exception], point: Point, client: httpx.AsyncClient, runtime: Runtime, faults: Faults
) -> dict[str, tuple[int, str | None, str]]:
    """Status, Retry-After and code of what a request is answered when the driver raises each error."""
    answers = {}
    for error in errors:
        faults.point, faults.error = None, None
        await runtime.database.engine.dispose()  # or there would be nothing to connect
        faults.point, faults.error = point, error
        answer = await write(client, point)
        answers[repr(error)] = (answer.status_code, answer.headers.get("Retry-After"), answer.json()["code"])
    faults.point, faults.error = None, None
    return answers


@pytest.mark.parametrize("point", POINTS)
async def test_driver_error_is_answered_as_outage(
    client: httpx.AsyncClient, runtime: Runtime, faults: Faults, point: Point
) -> None:
    await client.post("/api/tags", json={"name": "Home"})
    errors = outages(runtime.database, point)

    answers = await answers_to(errors, point, client, runtime, faults)
    after = await write(client, point)

    assert answers == dict.fromkeys(map(repr, errors), OUTAGE)
    assert after.status_code == (409 if point == "rolling back" else 201)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_connection_that_cannot_be_closed_is_an_outage(
    client: httpx.AsyncClient, runtime: Runtime, faults: Faults
) -> None:
    errors = refusals_to_connect()

    answers = await answers_to(errors, "closing", client, runtime, faults)

    assert answers == dict.fromkeys(map(repr, errors), OUTAGE)
    assert (await write(client, "closing")).status_code == 201


async def test_error_on_an_open_connection_is_not_an_outage(
    client: httpx.AsyncClient, runtime: Runtime, faults: Faults
) -> None:
    errors = mistakes(runtime.database)

    answers = await answers_to(errors, "executing", client, runtime, faults)

    assert answers == dict.fromkeys(map(repr, errors), (500, None, "internal-error"))
    assert (await write(client, "executing")).status_code == 201
