"""How long `todoappctl run` takes to get ready, and the memory that its processes have."""

from collections.abc import Iterator

import psutil

from benchmarks.figures import Figure
from benchmarks.installation import Installation

__all__ = ["measure_memory", "measure_start"]

PROCESSES = ("api", "notification", "recurrence", "sidecar")
MEBIBYTE = 1 << 20


def measure_start(installation: Installation) -> Iterator[Figure]:
    """The database is empty, so its schema is made within the time."""
    milliseconds = 1000 * installation.seconds_to_ready
    yield Figure(database=installation.kind, what="start until ready", samples=1, p50=milliseconds)
    yield from measure_memory(installation, when="idle")


def measure_memory(installation: Installation, *, when: str) -> Iterator[Figure]:
    """Resident memory of each process, what it shares with the others included."""
    pids = {name: installation.stack.pid(name) for name in PROCESSES}
    for name, pid in {**pids, "supervisor": installation.stack.supervisor}.items():
        resident = psutil.Process(pid).memory_info().rss
        yield Figure(
            database=installation.kind, what=f"memory of {name}, {when}", mebibytes=resident / MEBIBYTE
        )
