"""How fast events flow from the outbox through relay and sidecar to what consumers commit."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from time import perf_counter, sleep

import httpx
import psutil
from prometheus_client.parser import text_string_to_metric_families

from testbed.app.person import Person
from testbed.app.stack import Stack

__all__ = ["Flow", "drain", "latencies"]

CONSUMERS = ("api", "recurrence")
"""Each of them hears once of every new task: a `data.changed` and a `task.created`."""
USERS = 16
PAUSE_SECONDS = 0.2
BULK = 250
"""Tasks created by one request."""


@dataclass(frozen=True)
class Flow:
    """So many events were handled and their effects committed in so many seconds."""

    events: int
    seconds: float
    processor_seconds: float
    """of all processes of the TodoApp, and of the database server if it is one"""

    @property
    def per_second(self) -> float:
        return self.events / self.seconds


def drain(stack: Stack, *, tasks: int, database: psutil.Process | None = None) -> Flow:
    """Let the events of new tasks pile up while the sidecar is frozen, then take the time of their flow.

    The clock starts when the first of them was handled, because the relay may be waiting after
    failed attempts. Each task is one event for the api and one for recurrence, which writes the activity
    log; the `activity.logged` that it publishes in turn is part of the work, and not counted.
    """
    processes = [*psutil.Process(stack.supervisor).children(), *([database] if database else [])]
    before = _handled(stack)
    expected = len(CONSUMERS) * tasks
    with _people(stack) as people, stack.frozen("sidecar"):
        for start in range(0, tasks, BULK):
            _create(people[start // BULK % USERS], range(start, min(start + BULK, tasks)))
    first = _handled_above(stack, before)
    started, worked = perf_counter(), _processor_seconds(processes)
    last = _handled_above(stack, before + expected - 1)
    seconds = perf_counter() - started
    return Flow(int(last - first), seconds, _processor_seconds(processes) - worked)


def latencies(stack: Stack, *, samples: int) -> list[float]:
    """From the request that creates a task until its entry in the activity log is seen, in seconds each."""
    with Person.signing_up(stack.url) as person:
        return [_until_logged(person) for _ in range(samples)]


def _until_logged(person: Person) -> float:
    started = perf_counter()
    task = person.post("/api/tasks", {"title": "Pay the rent"})
    history = partial(person.get, f"/api/tasks/{task['id']}/history")
    while not history()["items"]:
        pass
    return perf_counter() - started


@contextmanager
def _people(stack: Stack) -> Iterator[Sequence[Person]]:
    with ExitStack() as signed_up:
        yield [signed_up.enter_context(Person.signing_up(stack.url)) for _ in range(USERS)]


def _create(person: Person, numbers: range) -> None:
    new = [{"op": "create", "task": {"title": f"Read chapter {number}"}} for number in numbers]
    person.post("/api/tasks/bulk", {"operations": new})


def _handled_above(stack: Stack, number: float) -> float:
    """Wait until more events are handled. Asking costs the processes some work, so it is done seldom."""
    while (handled := _handled(stack)) <= number:
        sleep(PAUSE_SECONDS)
    return handled


def _handled(stack: Stack) -> float:
    """How many events the consumers have handled since they started."""
    return sum(
        sample.value
        for address in map(stack.inner_address, CONSUMERS)
        for family in text_string_to_metric_families(httpx.get(f"{address}/metrics").text)
        for sample in family.samples
        if sample.name == "todoapp_deliveries_total"
    )


def _processor_seconds(processes: Sequence[psutil.Process]) -> float:
    """What these processes and their children have used of a processor so far."""
    times = [
        each.cpu_times() for process in processes for each in (process, *process.children(recursive=True))
    ]
    return sum(each.user + each.system for each in times)
