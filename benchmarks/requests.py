"""What one request costs: each kind of request, from one client and from many at once."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from benchmarks.figures import Figure
from benchmarks.installation import Installation
from benchmarks.load import Asked, ask
from testbed.app.many_tasks import WORDS
from testbed.app.person import Person

__all__ = ["measure_requests"]

CONCURRENCIES = (1, 16)
BULK = 500
Make = Callable[[Person, Random, int], list[Asked]]


@dataclass(frozen=True)
class Line:
    """One row of the table for each number of clients."""

    what: str
    goal: str
    requests: Make


def measure_requests(
    installation: Installation, wanted: str, *, tasks: int, others: int, samples: int
) -> Iterator[Figure]:
    """Of a user with so many tasks, among others with as many; only lines whose name contains `wanted`."""
    with Person.signing_up(installation.stack.url) as person:
        installation.fill(person, tasks=tasks, others=others)
        for line in LINES:
            if wanted in line.what:
                for clients in CONCURRENCIES:
                    # Fewer requests are enough from one client.
                    yield _measure(
                        installation, person, line, clients, samples if clients > 1 else samples // 4
                    )


def _measure(installation: Installation, person: Person, line: Line, clients: int, samples: int) -> Figure:
    requests = line.requests(person, Random(clients), samples)
    before = installation.processor_time()
    load = asyncio.run(ask(person.url, person.token, requests, concurrency=clients))
    used = installation.processor_time() - before
    return Figure.latency(
        installation.kind,
        line.what,
        load.latencies,
        goal=line.goal,
        clients=clients,
        per_second=load.per_second,
        server_cpu=1000 * used.server / samples,
        database_cpu=1000 * used.database / samples if installation.database else None,
    )


def _listing(**parameters: Any) -> Make:
    """The same list again and again."""
    return lambda _person, _random, count: [Asked("GET", "/api/tasks", parameters=parameters)] * count


def _search(typed: Callable[[Random], str]) -> Make:
    def searches(_person: Person, random: Random, count: int) -> list[Asked]:
        return [Asked("GET", "/api/tasks/search", parameters={"q": typed(random)}) for _ in range(count)]

    return searches


def _one_of_the_newest(person: Person, random: Random, count: int) -> list[Asked]:
    newest = person.get("/api/tasks", limit=200)["items"]
    return [Asked("GET", f"/api/tasks/{random.choice(newest)['id']}") for _ in range(count)]


def _create(_person: Person, random: Random, count: int) -> list[Asked]:
    return [Asked("POST", "/api/tasks", body=_new_task(random)) for _ in range(count)]


def _complete(person: Person, random: Random, count: int) -> list[Asked]:
    return [Asked("POST", f"/api/tasks/{task_id}/complete") for task_id in _created(person, random, count)]


def _change(person: Person, random: Random, count: int) -> list[Asked]:
    return [
        Asked("PATCH", f"/api/tasks/{task_id}", body={"title": _text(random, 6), "priority": "urgent"})
        for task_id in _created(person, random, count)
    ]


def _created(person: Person, random: Random, count: int) -> Iterator[str]:
    """The ids of so many new tasks."""
    for start in range(0, count, BULK):
        new = [{"op": "create", "task": _new_task(random)} for _ in range(start, min(start + BULK, count))]
        for result in person.post("/api/tasks/bulk", {"operations": new})["results"]:
            yield result["task"]["id"]


def _new_task(random: Random) -> Mapping[str, Any]:
    return {
        "title": _text(random, 6),
        "description": _text(random, 11),
        "priority": random.choice(["none", "low", "high"]),
        "due_at": "2030-03-03T09:00:00Z",
    }


def _text(random: Random, words: int) -> str:
    return " ".join(random.choices(WORDS, k=words))


def _said(words: Sequence[str]) -> Callable[[Random], str]:
    return lambda random: random.choice(words)


def _misspelt(random: Random) -> str:
    """A word with two letters swapped."""
    word = random.choice(WORDS[100:2000])
    return word[:3] + word[4] + word[3] + word[5:]


LISTED = "p95 ≤ 5 ms, CPU ≤ 5 ms"
SEARCHED = "p95 ≤ 10 ms, CPU ≤ 5 ms"

LINES = (
    Line("get a task", "CPU ≤ 3 ms", _one_of_the_newest),
    Line("list of 50", "CPU ≤ 5 ms", _listing()),
    Line("filter", LISTED, _listing(status="open", priority="high")),
    Line("sort", LISTED, _listing(sort_by="title")),
    Line("filter and sort", LISTED, _listing(priority="high", sort_by="due_at")),
    Line("search: a word of few tasks", SEARCHED, _search(_said(WORDS[500:]))),
    Line("search: a word of many tasks", SEARCHED, _search(_said(WORDS[10:20]))),
    Line("search: a word of most tasks", SEARCHED, _search(_said(WORDS[:1]))),
    Line("search: misspelt", SEARCHED, _search(_misspelt)),
    Line("create a task", "p95 ≤ 15 ms, CPU ≤ 10 ms", _create),
    Line("change a task", "", _change),
    Line("complete a task", "CPU ≤ 10 ms", _complete),
)
