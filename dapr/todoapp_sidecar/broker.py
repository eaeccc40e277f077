"""The broker: topics, consumer groups, and who may handle which key next.

Events of one key form a lane. A group's lane is handled by one consumer at a time, in order, and a
lane that has to wait delays no other. A message goes once every group has handled it and the
retention is over.
"""

import json
import sqlite3
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from todoapp_sidecar.leases import LEASE_SECONDS, Leases
from todoapp_sidecar.store import Store
from todoapp_sidecar.wakeups import Wakeups
from todoapp_sidecar.worker import Supply

__all__ = ["Broker", "Claim", "Group", "Message", "Settlement"]

EPHEMERAL_SECONDS = 60.0
"""How long an ephemeral group is remembered after its last process was seen."""


@dataclass(frozen=True, slots=True)
class Message:
    """One event in a topic's log.

    `key` orders; without one the event is independent of all others. `traceparent` is the envelope's,
    None for a raw payload. `expires_at` is in seconds since the epoch, `position` is the broker's.
    """

    topic: str
    body: bytes
    key: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    traceparent: str | None = None
    expires_at: float | None = None
    position: int = 0

    @property
    def raw(self) -> bool:
        return self.traceparent is None


@dataclass(frozen=True, slots=True)
class Group:
    """The consumers of a topic that share its events among them."""

    id: int
    topic: str
    name: str
    ephemeral: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """The first messages of a lane, leased; `attempts` counts the failed tries of the first."""

    group: Group
    lane: str
    token: str
    attempts: int
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of a claim.

    `handled` is the position of the last message that is done with, 0 for none; `attempts` counts the
    failed tries of the one after it. `due_in` gives the lane back, to be taken after so many seconds;
    None keeps the lease. `dead_letters` are published in the same transaction.
    """

    claim: Claim
    handled: int = 0
    attempts: int = 0
    due_in: float | None = None
    dead_letters: tuple[Message, ...] = ()


class Broker:
    """All topics of one state file; any number of processes may share it."""

    def __init__(self, store: Store, wakeups: Wakeups, *, retention_seconds: float) -> None:
        self._store = store
        self._wakeups = wakeups
        self._retention_seconds = retention_seconds
        self._joined: dict[int, Group] = {}
        self.leases = Leases(store, table="lane", key=("group_id", "lane"))

    async def publish(self, messages: Sequence[Message]) -> None:
        """Append to the topics' logs, all or nothing; on return they are on disk.

        Raises:
            sqlite3.Error: nothing was appended.
        """
        await self._store.write(lambda connection: _append(connection, messages))
        self._wakeups.notify({message.topic for message in messages})

    async def join(self, topic: str, name: str, *, ephemeral: bool, oldest: bool) -> Group:
        """The group `name` of `topic`; a new one starts at the oldest message kept, or at the next."""
        group = await self._store.write(lambda connection: _join(connection, topic, name, ephemeral, oldest))
        self._joined[group.id] = group
        return group

    async def claim(self, group: Group, *, lanes: int, messages: int) -> Supply[Claim]:
        """Lease up to `lanes` lanes that are due, with some `messages` in all (one a lane at least)."""
        token = uuid.uuid4().hex
        claims, due_at = await self._store.write(
            lambda connection: _claim(connection, group, token, lanes, messages), durable=False
        )
        self.leases.hold([(group.id, claim.lane) for claim in claims], token)
        return claims, due_at

    async def settle(self, settlements: Sequence[Settlement]) -> bool:
        """Record what became of claims, in one transaction.

        Returns:
            False when a lease was lost: another process has that lane, and nothing more of that claim may
            be delivered.
        """
        self.abandon([settlement.claim for settlement in settlements if settlement.due_in is not None])
        # Doing it again after a power cut is harmless, losing a dead letter is not.
        durable = any(settlement.dead_letters for settlement in settlements)
        kept = await self._store.write(
            lambda connection: [_settle(connection, settlement) for settlement in settlements],
            durable=durable,
        )
        self._wakeups.notify(
            {settlement.claim.group.topic for settlement in settlements if settlement.due_in == 0}
        )
        self._wakeups.notify(
            {letter.topic for settlement in settlements for letter in settlement.dead_letters}
        )
        return all(kept)

    def abandon(self, claims: Sequence[Claim]) -> None:
        """Let the leases of claims that were not given back run out; the others are left alone."""
        for claim in claims:
            self.leases.release((claim.group.id, claim.lane), claim.token)

    async def tidy(self) -> None:
        """Mark this process's groups as alive; delete abandoned groups and messages no longer needed."""
        await self._store.write(lambda connection: self._tidy(connection, time.time()), durable=False)

    def _tidy(self, connection: sqlite3.Connection, now: float) -> None:
        # Inserted again where another process, resumed before this one, deleted the group as abandoned.
        connection.executemany(
            """INSERT INTO consumer_group (id, topic, name, ephemeral, seen_at) VALUES (?, ?, ?, ?, ?)
               ON CONFLICT DO UPDATE SET seen_at = excluded.seen_at""",
            [(group.id, group.topic, group.name, group.ephemeral, now) for group in self._joined.values()],
        )
        connection.execute(
            "DELETE FROM consumer_group WHERE seen_at < CASE ephemeral WHEN 1 THEN ? ELSE ? END",
            (now - EPHEMERAL_SECONDS, now - self._retention_seconds),
        )
        connection.execute(
            """DELETE FROM message WHERE published_at < ? AND NOT EXISTS (
                   SELECT 1 FROM consumer_group g JOIN lane l ON l.group_id = g.id
                   WHERE g.topic = message.topic AND l.lane = message.lane AND l.next <= message.position)""",
            (now - self._retention_seconds,),
        )


def _append(connection: sqlite3.Connection, messages: Sequence[Message]) -> None:
    now = time.time()
    [last] = connection.execute("SELECT coalesce(max(position), 0) FROM message").fetchone()
    connection.executemany(
        """INSERT INTO message (topic, lane, body, metadata, traceparent, published_at, expires_at)
           VALUES (?, ?, ?, ?, ?, ?, ?)""",
        [
            (
                message.topic,
                message.key if message.key is not None else uuid.uuid4().hex,
                message.body,
                json.dumps(message.metadata),
                message.traceparent,
                now,
                message.expires_at,
            )
            for message in messages
        ],
    )
    connection.execute(
        """INSERT INTO lane (group_id, lane, next, due_at)
           SELECT g.id, m.lane, min(m.position), ?
           FROM message m CROSS JOIN consumer_group g ON g.topic = m.topic
           WHERE m.position > ? GROUP BY g.id, m.lane
           ON CONFLICT DO NOTHING""",
        (now, last),
    )


def _join(connection: sqlite3.Connection, topic: str, name: str, ephemeral: bool, oldest: bool) -> Group:
    now = time.time()
    [known] = connection.execute(
        "SELECT count(*) FROM consumer_group WHERE topic = ? AND name = ?", (topic, name)
    ).fetchone()
    [[group_id]] = connection.execute(
        """INSERT INTO consumer_group (topic, name, ephemeral, seen_at) VALUES (?, ?, ?, ?)
           ON CONFLICT DO UPDATE SET ephemeral = excluded.ephemeral, seen_at = excluded.seen_at
           RETURNING id""",
        (topic, name, ephemeral, now),
    ).fetchall()
    if oldest and not known:
        connection.execute(
            """INSERT INTO lane (group_id, lane, next, due_at)
               SELECT ?, lane, min(position), ? FROM message WHERE topic = ? GROUP BY lane""",
            (group_id, now, topic),
        )
    return Group(group_id, topic, name, ephemeral)


def _claim(
    connection: sqlite3.Connection, group: Group, token: str, lanes: int, messages: int
) -> Supply[Claim]:
    now = time.time()
    leased = connection.execute(
        """UPDATE lane SET token = :token, due_at = :until
           WHERE group_id = :group AND lane IN (
               SELECT lane FROM lane WHERE group_id = :group AND due_at <= :now ORDER BY due_at LIMIT :lanes)
           RETURNING lane, next, attempts""",
        {"token": token, "until": now + LEASE_SECONDS, "group": group.id, "now": now, "lanes": lanes},
    ).fetchall()
    if not leased:
        [due_at] = connection.execute(
            "SELECT min(due_at) FROM lane WHERE group_id = ?", (group.id,)
        ).fetchone()
        return (), due_at
    depth = max(1, messages // len(leased))
    claims = [
        Claim(group, lane, token, attempts, _messages(connection, group.topic, lane, first, depth))
        for lane, first, attempts in leased
    ]
    return claims, None


def _messages(
    connection: sqlite3.Connection, topic: str, lane: str, first: int, limit: int
) -> tuple[Message, ...]:
    rows = connection.execute(
        """SELECT position, body, metadata, traceparent, expires_at FROM message
           WHERE topic = ? AND lane = ? AND position >= ? ORDER BY position LIMIT ?""",
        (topic, lane, first, limit),
    )
    return tuple(
        Message(topic, body, lane, json.loads(metadata), traceparent, expires_at, position)
        for position, body, metadata, traceparent, expires_at in rows
    )


def _settle(connection: sqlite3.Connection, settlement: Settlement) -> bool:
    claim = settlement.claim
    mine = {"group": claim.group.id, "lane": claim.lane, "token": claim.token}
    ours = "group_id = :group AND lane = :lane AND token = :token"
    next_position = claim.messages[0].position
    if settlement.handled:
        [next_position] = connection.execute(
            "SELECT min(position) FROM message WHERE topic = ? AND lane = ? AND position > ?",
            (claim.group.topic, claim.lane, settlement.handled),
        ).fetchone()
    if next_position is None:
        kept = connection.execute(f"DELETE FROM lane WHERE {ours}", mine).rowcount == 1  # noqa: S608 - constants
    else:
        progress = mine | {
            "next": next_position,
            "attempts": settlement.attempts,
            "due_at": time.time() + (LEASE_SECONDS if settlement.due_in is None else settlement.due_in),
            "still": claim.token if settlement.due_in is None else None,
        }
        kept = (
            connection.execute(
                f"""UPDATE lane SET next = :next, attempts = :attempts, due_at = :due_at, token = :still
                    WHERE {ours}""",  # noqa: S608 - constants
                progress,
            ).rowcount
            == 1
        )
    if kept and settlement.dead_letters:
        _append(connection, settlement.dead_letters)
    return kept
