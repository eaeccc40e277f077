"""Events on their way to consumers, as figures."""

from collections.abc import Iterator

from benchmarks.events import drain, latencies
from benchmarks.figures import Figure
from benchmarks.installation import Installation

__all__ = ["measure_flow"]

TASKS = 2000
SAMPLES = 100


def measure_flow(installation: Installation) -> Iterator[Figure]:
    """The flow of what many new tasks announce, and how soon one event is handled."""
    flow = drain(installation.stack, tasks=TASKS, database=installation.database)
    yield Figure(
        database=installation.kind,
        what="outbox → sidecar → consumer",
        goal="≥ 5000 /s",
        samples=flow.events,
        per_second=flow.per_second,
        server_cpu=1000 * flow.processor_seconds / flow.events,
    )
    yield Figure.latency(
        installation.kind, "creation → activity log", latencies(installation.stack, samples=SAMPLES), goal=""
    )
