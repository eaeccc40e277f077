"""How long a message waits while another person's receivers take every connection and never answer."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from benchmarks.figures import Figure
from benchmarks.installation import Installation
from testbed.app.person import Person
from testbed.sidecar.recording_app import RecordingApp, recording_app
from testbed.waiting import wait_until

__all__ = ["measure_silent_receivers"]

WEBHOOKS = 20
"""of the attacker, as many as one may have"""
TASKS = 50
"""so many events for each of them"""


def measure_silent_receivers(installation: Installation, *, samples: int) -> Iterator[Figure]:
    """From a change to the arrival of its webhook; first without any attack."""
    url = installation.stack.url
    with (
        Person.signing_up(url) as victim,
        Person.signing_up(url) as attacker,
        recording_app() as receiver,
        _silent() as port,
    ):
        victim.post("/api/webhooks", _to(f"http://127.0.0.1:{receiver.port}/hook"))
        yield _figure(installation, victim, receiver, samples, "without an attack")
        _attack(attacker, port)
        yield _figure(installation, victim, receiver, samples, f"during: {WEBHOOKS} silent receivers")


def _figure(
    installation: Installation, victim: Person, receiver: RecordingApp, samples: int, when: str
) -> Figure:
    waited = [_arrival(victim, receiver) for _ in range(samples)]
    return Figure.latency(installation.kind, f"webhook arrives, {when}", waited, goal="p95 ≤ 2 s")


def _attack(attacker: Person, port: int) -> None:
    for number in range(WEBHOOKS):
        attacker.post("/api/webhooks", _to(f"http://127.0.0.1:{port}/{number}"))
    create = {"op": "create", "task": {"title": "Wait"}}
    attacker.post("/api/tasks/bulk", {"operations": [create] * TASKS})


def _to(url: str) -> dict[str, object]:
    return {"url": url, "event_types": ["task.created"]}


def _arrival(victim: Person, receiver: RecordingApp) -> float:
    """Seconds."""
    started = perf_counter()
    task = victim.post("/api/tasks", {"title": "Wait"})
    wait_until(lambda: receiver.calls("/hook", mentioning=task["id"]), what="the webhook arrives")
    return perf_counter() - started


@contextmanager
def _silent() -> Iterator[int]:
    """A port where connections are taken by the system, and nobody reads them."""
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listening:
        yield int(listening.getsockname()[1])
