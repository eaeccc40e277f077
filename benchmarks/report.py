"""The figures for people, as a table, and for programs, as JSON."""

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table

from benchmarks.figures import Figure

__all__ = ["show", "write"]


def show(figures: Sequence[Figure]) -> None:
    """Print what was measured beside what is wanted."""
    table = Table(title=f"TodoApp on {os.cpu_count()} cores, SQLite, embedded sidecar")
    table.add_column("what", no_wrap=True)
    for heading in ("samples", "p50 ms", "p95 ms", "p99 ms", "per second", "goal"):
        table.add_column(heading, justify="right")
    for figure in figures:
        latencies = ("" if each is None else f"{each:.1f}" for each in (figure.p50, figure.p95, figure.p99))
        rate = "" if figure.per_second is None else f"{figure.per_second:.0f}"
        table.add_row(figure.what, str(figure.samples), *latencies, rate, figure.goal)
    Console().print(table)


def write(figures: Sequence[Figure], folder: Path) -> Path:
    """Keep the figures in a new file, with the machine they come from."""
    taken_at = datetime.now(UTC)
    report = {
        "taken_at": taken_at,
        "machine": {
            "cores": os.cpu_count(),
            "system": platform.platform(),
            "python": platform.python_version(),
        },
        "figures": [asdict(figure) for figure in figures],
    }
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{taken_at:%Y%m%dT%H%M%SZ}.json"
    file.write_bytes(orjson.dumps(report, option=orjson.OPT_INDENT_2))
    return file
