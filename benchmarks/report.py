"""The figures for people, as a table, and for programs, as JSON."""

import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table

from benchmarks.figures import Figure

__all__ = ["describe", "show", "write"]

COLUMNS: dict[str, Callable[[Figure], float | None]] = {
    "clients": lambda figure: figure.clients,
    "samples": lambda figure: figure.samples,
    "p50 ms": lambda figure: figure.p50,
    "p95 ms": lambda figure: figure.p95,
    "p99 ms": lambda figure: figure.p99,
    "per second": lambda figure: figure.per_second,
    "CPU ms server": lambda figure: figure.server_cpu,
    "CPU ms database": lambda figure: figure.database_cpu,
    "MiB": lambda figure: figure.mebibytes,
}


def show(figures: Sequence[Figure]) -> None:
    """Print what was measured beside what is wanted, a table for each database."""
    for database in dict.fromkeys(figure.database for figure in figures):
        table = Table(title=f"TodoApp on {database}, {os.cpu_count()} cores, embedded sidecar")
        table.add_column("what", no_wrap=True)
        for heading in (*COLUMNS, "goal"):
            table.add_column(heading, justify="right")
        for figure in figures:
            if figure.database == database:
                values = (_text(value(figure)) for value in COLUMNS.values())
                table.add_row(figure.what, *values, figure.goal)
        Console(width=150).print(table)


def describe(figure: Figure) -> str:
    """One line, for those who wait for the table."""
    values = (
        f"{heading} {_text(number)}"
        for heading, value in COLUMNS.items()
        if (number := value(figure)) is not None
    )
    return f"{figure.database}: {figure.what}: {', '.join(values)}"


def write(figures: Sequence[Figure], folder: Path) -> Path:
    """Keep the figures in a new file, with the machine they come from."""
    taken_at = datetime.now(UTC)
    report = {
        "taken_at": taken_at,
        "machine": {
            "cores": os.cpu_count(),
            "load": os.getloadavg(),
            "system": platform.platform(),
            "python": platform.python_version(),
        },
        "figures": [asdict(figure) for figure in figures],
    }
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{taken_at:%Y%m%dT%H%M%SZ}.json"
    file.write_bytes(orjson.dumps(report, option=orjson.OPT_INDENT_2))
    return file


def _text(value: float | None) -> str:
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else f"{value:.0f}" if value >= 100 else f"{value:.1f}"
