"""Short leases on rows, so that a process that dies blocks nothing for long.

No process may take a row before its `due_at`. The one that takes it moves that instant on and signs with
a token; while the work lasts, this keeps moving it.
"""

import time
from collections.abc import Iterable

from todoapp_sidecar.store import Store

__all__ = ["LEASE_SECONDS", "Leases"]

LEASE_SECONDS = 5.0

Key = tuple[int | str, str]


class Leases:
    """The leases that this process holds on the rows of `table`; `key` names its primary key's columns."""

    def __init__(self, store: Store, *, table: str, key: tuple[str, str]) -> None:
        self._store = store
        self._held: dict[Key, str] = {}
        self._renewal = f"UPDATE {table} SET due_at = ? WHERE {key[0]} = ? AND {key[1]} = ? AND token = ?"  # noqa: S608

    def hold(self, keys: Iterable[Key], token: str) -> None:
        """Keep rows that were taken under `token`."""
        self._held.update((key, token) for key in keys)

    def release(self, key: Key, token: str) -> None:
        """Stop renewing a lease, unless it was taken again under another token."""
        if self._held.get(key) == token:
            del self._held[key]

    async def renew(self) -> None:
        """Extend every lease; call it well within `LEASE_SECONDS`."""
        if not self._held:
            return
        until = time.time() + LEASE_SECONDS
        rows = [(until, *key, token) for key, token in self._held.items()]
        await self._store.write(lambda connection: connection.executemany(self._renewal, rows), durable=False)
