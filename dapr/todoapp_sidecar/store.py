"""The one SQLite file: several processes may share it, each writes from one thread of its own."""

import asyncio
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

__all__ = ["InvalidState", "Store"]

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

BUSY_SECONDS = 10.0
SCHEMA_VERSION = 1
SCHEMA = """
CREATE TABLE message (                  -- every topic's log
    position     INTEGER PRIMARY KEY AUTOINCREMENT,
    topic        TEXT NOT NULL,
    lane         TEXT NOT NULL,         -- the partition key, or a unique name where order does not matter
    body         BLOB NOT NULL,
    metadata     TEXT NOT NULL,         -- of the publishing call, as JSON
    traceparent  TEXT,                  -- of the envelope; NULL when there is no envelope
    published_at REAL NOT NULL,
    expires_at   REAL
);
CREATE INDEX message_by_lane ON message (topic, lane, position);
CREATE INDEX message_by_age ON message (published_at);

CREATE TABLE consumer_group (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    topic     TEXT NOT NULL,
    name      TEXT NOT NULL,
    ephemeral INTEGER NOT NULL,
    seen_at   REAL NOT NULL,
    UNIQUE (topic, name)
);

CREATE TABLE lane (                     -- what a group has yet to handle, one row per key
    group_id INTEGER NOT NULL REFERENCES consumer_group ON DELETE CASCADE,
    lane     TEXT NOT NULL,
    next     INTEGER NOT NULL,          -- position of the first message not yet handled
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at   REAL NOT NULL,             -- not to be taken before this instant: back-off and lease in one
    token    TEXT,                      -- of the lease
    PRIMARY KEY (group_id, lane)
) WITHOUT ROWID;
CREATE INDEX lane_by_due ON lane (group_id, due_at);

CREATE TABLE job (
    app_id     TEXT NOT NULL,
    name       TEXT NOT NULL,
    request    TEXT NOT NULL,           -- as it was scheduled, as JSON
    tick_at    REAL NOT NULL,           -- the instant it is or was to run
    ticks      INTEGER NOT NULL DEFAULT 0,
    attempts   INTEGER NOT NULL DEFAULT 0,
    expires_at REAL,
    due_at     REAL NOT NULL,           -- as in lane
    token      TEXT,
    PRIMARY KEY (app_id, name)
) WITHOUT ROWID;
CREATE INDEX job_by_due ON job (app_id, due_at);

CREATE TABLE state (
    store      TEXT NOT NULL,
    key        TEXT NOT NULL,
    value      BLOB NOT NULL,
    etag       TEXT NOT NULL,
    expires_at REAL,
    PRIMARY KEY (store, key)
) WITHOUT ROWID;
CREATE INDEX state_by_expiry ON state (expires_at) WHERE expires_at IS NOT NULL;
"""


class InvalidState(Exception):
    """The state file cannot be used; the sentence says why."""


@dataclass(frozen=True, slots=True)
class _Write:
    work: Work[Any]
    durable: bool
    result: "asyncio.Future[Any]"


class Store:
    """Transactions on the state file.

    Writes that wait at the same time share one transaction and one fsync; each is a savepoint of its
    own, so that one that fails takes none of the others along.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writes: queue.SimpleQueue[_Write | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._commit_forever, name="sqlite-writer", daemon=True)
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sqlite-reader")
        self._write_connection = self._open()
        self._read_connection = self._connect()

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._writer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writes.put(None)
        await asyncio.to_thread(self._writer.join)
        self._reader.shutdown()
        self._read_connection.close()
        self._write_connection.close()

    async def write(self, work: Work[T], *, durable: bool = True) -> T:
        """Run `work` in a transaction and return what it returns once that is committed.

        What is not `durable` survives a crash of the process, but perhaps not one of the machine:
        enough for work that may be repeated.

        Raises:
            sqlite3.Error: the file could not be written; nothing of `work` is kept.
        """
        result: asyncio.Future[T] = self._loop.create_future()
        self._writes.put(_Write(work, durable, result))
        return await result

    async def read(self, work: Work[T]) -> T:
        """Run `work` on what is committed.

        Raises:
            sqlite3.Error: the file could not be read.
        """
        return await self._loop.run_in_executor(self._reader, work, self._read_connection)

    async def version(self) -> int:
        """A number that differs after any commit to the file, by any process."""
        [version] = await self.read(lambda connection: connection.execute("PRAGMA data_version").fetchone())
        return int(version)

    def _connect(self) -> sqlite3.Connection:
        # Autocommit, because transactions are begun by hand; each connection stays on one thread at a time.
        connection = sqlite3.connect(
            self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    def _open(self) -> sqlite3.Connection:
        """Connect and make the tables if they are missing.

        Raises:
            InvalidState: not a file we may write, not an SQLite database, or of another version.
        """
        try:
            connection = self._connect()
            _switch_to_wal(connection)
            connection.execute("BEGIN IMMEDIATE")
            [version] = connection.execute("PRAGMA user_version").fetchone()
            if version == 0:
                for statement in SCHEMA.split(";\n"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise InvalidState(f"The state file {self._path} cannot be used: {error}.") from error
        if version not in (0, SCHEMA_VERSION):
            raise InvalidState(
                f"The state file {self._path} has format {version}, this sidecar's is {SCHEMA_VERSION}."
            )
        return connection

    def _commit_forever(self) -> None:
        while (first := self._writes.get()) is not None:
            batch, ended = [first], False
            while not self._writes.empty() and not ended:
                next_write = self._writes.get()
                if next_write is None:
                    ended = True
                else:
                    batch.append(next_write)
            outcomes = self._commit(batch)
            self._loop.call_soon_threadsafe(_resolve, batch, outcomes)
            if ended:
                return

    def _commit(self, batch: Sequence[_Write]) -> list[Any]:
        """Run a batch in one transaction; the outcome of each is its result or its error."""
        connection = self._write_connection
        durable = any(write.durable for write in batch)
        try:
            connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            connection.execute("BEGIN IMMEDIATE")
            outcomes = [_savepoint(connection, write.work) for write in batch]
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            return [error] * len(batch)
        return outcomes


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    # Where two processes make the file at once, one finds it locked: SQLite ignores the time-out here.
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(BUSY_SECONDS / 1000)
        else:
            return


def _savepoint(connection: sqlite3.Connection, work: Work[Any]) -> Any:
    connection.execute("SAVEPOINT work")
    try:
        outcome = work(connection)
    except Exception as error:  # raised to the caller by _resolve
        connection.execute("ROLLBACK TO work")
        outcome = error
    connection.execute("RELEASE work")
    return outcome


def _resolve(batch: Sequence[_Write], outcomes: Sequence[Any]) -> None:
    for write, outcome in zip(batch, outcomes, strict=True):
        if write.result.done():  # the caller was cancelled
            continue
        if isinstance(outcome, Exception):
            write.result.set_exception(outcome)
        else:
            write.result.set_result(outcome)
