"""How soon something follows: what a person, or another client of theirs, waits for."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from time import perf_counter
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, select

from benchmarks.figures import Figure
from benchmarks.installation import Installation
from testbed.app.changes import notification_of, occurrence_after
from testbed.app.person import Person, Watcher
from testbed.app.rows import inside
from testbed.waiting import wait_until
from todoapp.kit.database import col
from todoapp.messaging.event import Topic
from todoapp.messaging.outbox import OutboxEvent

__all__ = ["measure_reactions"]

Task = dict[str, Any]


def measure_reactions(installation: Installation, *, samples: int) -> Iterator[Figure]:
    """From one client, without other requests at the same time."""
    latency = partial(Figure.latency, installation.kind)
    with Person.signing_up(installation.stack.url) as person, person.watching() as client:
        draft = person.post("/api/tasks", {"title": "Write"})
        change = partial(_change_seen, person, client, draft)
        yield latency("change → another client", _repeated(samples, change), goal="p95 ≤ 50 ms")
        yield latency("commit → broker", _published(installation, samples), goal="p95 ≤ 25 ms")
        daily = person.post("/api/tasks", {"title": "Water the plants", "recurrence": "daily"})
        complete = partial(_next_occurrence_made, person, client, daily)
        yield latency("completion → next occurrence", _repeated(samples, complete), goal="p95 ≤ 100 ms")
        yield latency("reminder due → pushed", _lateness(person, client, samples), goal="p99 ≤ 1 s")


def _repeated(samples: int, action: Callable[[], Any]) -> list[float]:
    """How long each of so many calls takes, in seconds."""
    taken = []
    for _ in range(samples):
        started = perf_counter()
        action()
        taken.append(perf_counter() - started)
    return taken


def _change_seen(person: Person, client: Watcher, task: Task) -> None:
    changed = person.patch(f"/api/tasks/{task['id']}", {"description": uuid4().hex})
    client.until(
        lambda change: change["id"] == task["id"] and change["value"]["version"] == changed["version"],
        what="the other client is told",
    )


def _next_occurrence_made(person: Person, client: Watcher, task: Task) -> None:
    person.post(f"/api/tasks/{task['id']}/complete")
    following = client.until(occurrence_after(task), what="the next occurrence appears")
    task["id"] = following["id"]


def _lateness(person: Person, client: Watcher, samples: int) -> list[float]:
    """How long after its instant each reminder reaches a client, in seconds."""
    taken = []
    for _ in range(samples):
        due = datetime.now(UTC) + timedelta(milliseconds=300)
        task = person.post("/api/tasks", {"title": "Look up", "reminders": [{"remind_at": due.isoformat()}]})
        client.until(notification_of(task), what="the reminder arrives")
        taken.append((datetime.now(UTC) - due).total_seconds())
    return taken


def _published(installation: Installation, samples: int) -> list[float]:
    """What the outbox says of the newest events of tasks, in seconds.

    An event has the instant at which its request began, so the commit itself is part of the figure.
    """
    rows = (
        select(col(OutboxEvent.created_at), col(OutboxEvent.published_at))
        .where(col(OutboxEvent.topic) == Topic.TASK_EVENTS.value)
        .order_by(col(OutboxEvent.seq).desc())
        .limit(samples)
    )

    def published(connection: Connection) -> list[float] | None:
        found = connection.execute(rows).all()
        if any(row.published_at is None for row in found):
            return None
        return [(row.published_at - row.created_at).total_seconds() for row in found]

    return wait_until(
        lambda: asyncio.run(inside(installation.database_url, published)), what="all events are published"
    )
