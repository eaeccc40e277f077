"""What is measured: how a TodoApp on this machine feels to one person, and how fast events flow."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from statistics import quantiles
from time import perf_counter
from typing import Any, Self
from uuid import uuid4

import httpx
from prometheus_client.parser import text_string_to_metric_families

from testbed.changes import notification_of, occurrence_after
from testbed.person import Person, Watcher
from testbed.stack import Stack
from testbed.waiting import wait_until

__all__ = ["Figure", "measure"]

CLIENTS = 8
PRIORITIES = ("none", "low", "medium", "high", "urgent")
LISTS = (
    ("filter", "p95 ≤ 5 ms", {"status": "open", "priority": "high"}),
    ("sort", "p95 ≤ 5 ms", {"sort_by": "title"}),
    ("filter and sort", "p95 ≤ 5 ms", {"priority": "high", "sort_by": "due_at"}),
    ("search", "p95 ≤ 10 ms", {"search": "chapter 7"}),
)

Task = dict[str, Any]


@dataclass(frozen=True)
class Figure:
    """One row of the report. Latencies are in milliseconds."""

    what: str
    goal: str
    samples: int
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    per_second: float | None = None

    @classmethod
    def latency(cls, what: str, goal: str, seconds: list[float]) -> Self:
        percentiles = [1000 * each for each in quantiles(seconds, n=100, method="inclusive")]
        return cls(what, goal, len(seconds), p50=percentiles[49], p95=percentiles[94], p99=percentiles[98])


def measure(stack: Stack, *, tasks: int, samples: int) -> Iterator[Figure]:
    """Take one figure after another; those of lists with `tasks` tasks of one user."""
    latency = Figure.latency
    with Person.signing_up(stack.url) as person, person.watching() as client:
        yield events_per_second(stack, person, tasks)
        create = partial(person.post, "/api/tasks", {"title": "Pay the rent"})
        yield latency("create a task", "p95 ≤ 15 ms", repeated(samples, create))
        for what, goal, query in LISTS:
            read = partial(person.get, "/api/tasks", **query)
            yield latency(f"{what}, {tasks} tasks", goal, repeated(samples, read))
        draft = person.post("/api/tasks", {"title": "Write"})
        change = partial(change_seen, person, client, draft)
        yield latency("change → another client", "p95 ≤ 50 ms", repeated(samples, change))
        daily = person.post("/api/tasks", {"title": "Water the plants", "recurrence": "daily"})
        complete = partial(next_occurrence_made, person, client, daily)
        yield latency("completion → next occurrence", "p95 ≤ 100 ms", repeated(samples, complete))
        yield latency("reminder due → pushed", "p99 ≤ 1 s", reminder_lateness(person, client, samples))


def events_per_second(stack: Stack, person: Person, tasks: int) -> Figure:
    """Let events pile up while the sidecar is frozen, then take the time until the last one is handled."""
    recurrence = stack.address("recurrence")
    before = handled(recurrence)
    with stack.frozen("sidecar"), ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(partial(add_task, person), range(tasks)))
    started = perf_counter()
    wait_until(lambda: handled(recurrence) >= before + tasks, what="every event is handled", seconds=600)
    return Figure(
        "outbox → sidecar → consumer", "≥ 5000 /s", tasks, per_second=tasks / (perf_counter() - started)
    )


def handled(process: str) -> float:
    """How many events a process has handled since it started."""
    families = text_string_to_metric_families(httpx.get(f"{process}/metrics").text)
    samples = (sample for family in families for sample in family.samples)
    return sum(sample.value for sample in samples if sample.name == "todoapp_deliveries_total")


def add_task(person: Person, number: int) -> None:
    due = datetime.now(UTC) + timedelta(hours=number)
    new = {"title": f"Read chapter {number}", "priority": PRIORITIES[number % 5], "due_at": due.isoformat()}
    person.post("/api/tasks", new)


def repeated(samples: int, action: Callable[[], Any]) -> list[float]:
    """How long each of so many calls takes, in seconds."""
    taken = []
    for _ in range(samples):
        started = perf_counter()
        action()
        taken.append(perf_counter() - started)
    return taken


def change_seen(person: Person, client: Watcher, task: Task) -> None:
    changed = person.patch(f"/api/tasks/{task['id']}", {"description": uuid4().hex})
    client.until(
        lambda change: change["id"] == task["id"] and change["value"]["version"] == changed["version"],
        what="the other client is told",
    )


def next_occurrence_made(person: Person, client: Watcher, task: Task) -> None:
    person.post(f"/api/tasks/{task['id']}/complete")
    following = client.until(occurrence_after(task), what="the next occurrence appears")
    task["id"] = following["id"]


def reminder_lateness(person: Person, client: Watcher, samples: int) -> list[float]:
    """How long after its instant each reminder reaches a client, in seconds."""
    taken = []
    for _ in range(samples):
        due = datetime.now(UTC) + timedelta(milliseconds=300)
        task = person.post("/api/tasks", {"title": "Look up", "reminders": [{"remind_at": due.isoformat()}]})
        client.until(notification_of(task), what="the reminder arrives")
        taken.append((datetime.now(UTC) - due).total_seconds())
    return taken
