"""One row of what was measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import Self

__all__ = ["Figure"]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """Latencies and times of the processor are in milliseconds; None is what does not apply."""

    database: str
    what: str
    goal: str = ""
    clients: int | None = None
    samples: int | None = None
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    per_second: float | None = None
    server_cpu: float | None = None
    """of the api for each request; of all processes for each event"""
    database_cpu: float | None = None
    """of PostgreSQL for each request; SQLite works within the api"""
    mebibytes: float | None = None

    @classmethod
    def latency(
        cls,
        database: str,
        what: str,
        seconds: Sequence[float],
        *,
        goal: str,
        clients: int = 1,
        per_second: float | None = None,
        server_cpu: float | None = None,
        database_cpu: float | None = None,
    ) -> Self:
        percentiles = [1000 * each for each in quantiles(seconds, n=100, method="inclusive")]
        return cls(
            database=database,
            what=what,
            goal=goal,
            clients=clients,
            samples=len(seconds),
            p50=percentiles[49],
            p95=percentiles[94],
            p99=percentiles[98],
            per_second=per_second,
            server_cpu=server_cpu,
            database_cpu=database_cpu,
        )
