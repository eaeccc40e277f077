"""Key-value state with ETags and time to live."""

import sqlite3
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from todoapp_sidecar.store import Store

__all__ = ["Entry", "EtagMismatch", "Kind", "Operation", "StateStore", "sweep"]


class EtagMismatch(Exception):
    """The entry is not, or no longer, the one that the caller saw."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A stored value as JSON; `expires_at` in seconds since the epoch."""

    value: bytes
    etag: str
    expires_at: float | None


class Kind(Enum):
    UPSERT = auto()
    DELETE = auto()


@dataclass(frozen=True, slots=True)
class Operation:
    """One change to one key.

    With an `etag` only that version is changed; with `create_only` (Dapr's first-write without an
    ETag) only a key that is not there.
    """

    kind: Kind
    key: str
    value: bytes = b"null"
    etag: str | None = None
    create_only: bool = False
    ttl_seconds: int | None = None


class StateStore:
    """The entries of one state component."""

    def __init__(self, store: Store, name: str) -> None:
        self._store = store
        self._name = name

    async def get(self, keys: Sequence[str]) -> list[Entry | None]:
        """The entries under `keys`, in their order; None for one that is missing or expired."""
        return await self._store.read(lambda connection: [self._find(connection, key) for key in keys])

    async def apply(self, operations: Sequence[Operation]) -> None:
        """Do all of `operations`, or none.

        Raises:
            EtagMismatch
        """
        await self._store.write(lambda connection: self._apply(connection, operations))

    def _find(self, connection: sqlite3.Connection, key: str) -> Entry | None:
        row = connection.execute(
            """SELECT value, etag, expires_at FROM state
               WHERE store = ? AND key = ? AND (expires_at IS NULL OR expires_at > ?)""",
            (self._name, key, time.time()),
        ).fetchone()
        return Entry(*row) if row else None

    def _apply(self, connection: sqlite3.Connection, operations: Sequence[Operation]) -> None:
        for operation in operations:
            present = self._find(connection, operation.key)
            if operation.etag is not None and (present is None or present.etag != operation.etag):
                raise EtagMismatch(operation.key)
            if operation.create_only and present is not None:
                raise EtagMismatch(operation.key)
            if operation.kind is Kind.DELETE:
                connection.execute(
                    "DELETE FROM state WHERE store = ? AND key = ?", (self._name, operation.key)
                )
            else:
                self._put(connection, operation)

    def _put(self, connection: sqlite3.Connection, operation: Operation) -> None:
        expires_at = time.time() + operation.ttl_seconds if operation.ttl_seconds is not None else None
        connection.execute(
            "INSERT OR REPLACE INTO state (store, key, value, etag, expires_at) VALUES (?, ?, ?, ?, ?)",
            (self._name, operation.key, operation.value, str(uuid.uuid4()), expires_at),
        )


async def sweep(store: Store) -> None:
    """Delete what has expired."""
    await store.write(
        lambda connection: connection.execute("DELETE FROM state WHERE expires_at <= ?", (time.time(),)),
        durable=False,
    )
