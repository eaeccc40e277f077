"""The operator's costs beside what is wanted and what others cost: a table for people, JSON for programs."""

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table

from benchmarks.reconciling.measuring import Cost

__all__ = ["show", "show_requests", "write"]

CONTROLLER_RUNTIME = {
    "children of one TodoApp": "12",
    "writes for one new TodoApp": "13",
    "CPU seconds": "15.6",
    "CPU for one write, ms": "1.20",
    "memory, MiB": "291",
    "restart: CPU seconds": "2.9",
    "restart: writes": "0",
    "repair p50, ms": "18 to 41",
}
"""Go's controller-runtime with 1000 resources, measured when the operator was designed."""

WANTED = {
    "writes for one new TodoApp": "children + 1",
    "CPU for one write, ms": "≤ 1.44",
    "memory, MiB": "≤ 200",
    "restart: seconds": "< 10",
    "restart: CPU seconds": "< 5",
    "restart: writes": "0",
    "repair p95, ms": "< 250",
}
"""With 1000 TodoApps. A fifth more CPU than controller-runtime took is allowed."""


def show(costs: Sequence[Cost]) -> None:
    table = Table(title=f"The operator on {os.cpu_count()} cores, shared with the API server and etcd")
    table.add_column("", no_wrap=True)
    for cost in costs:
        table.add_column(f"{cost.todoapps}", justify="right")
    table.add_column("wanted", justify="right")
    table.add_column("controller-runtime", justify="right")
    columns = [rows(cost) for cost in costs]
    for name in columns[0]:
        figures = (column[name] for column in columns)
        table.add_row(name, *figures, WANTED.get(name, ""), CONTROLLER_RUNTIME.get(name, ""))
    Console().print(table)


def rows(cost: Cost) -> dict[str, str]:
    each = 1000 * cost.cpu_seconds / cost.todoapps
    writes = cost.writes_each * cost.todoapps
    return {
        "children of one TodoApp": f"{cost.children:.1f}",
        "writes for one new TodoApp": f"{cost.writes_each:.1f}",
        "seconds until all have a status": f"{cost.seconds:.1f}",
        "CPU seconds": f"{cost.cpu_seconds:.1f}",
        "CPU for one TodoApp, ms": f"{each:.1f}",
        "CPU for one write, ms": f"{1000 * cost.cpu_seconds / writes:.2f}",
        "memory, MiB": f"{cost.memory_mebibytes:.0f}",
        "restart: seconds": f"{cost.restart_seconds:.1f}",
        "restart: CPU seconds": f"{cost.restart_cpu_seconds:.1f}",
        "restart: writes": f"{cost.restart_writes}",
        "repair p50, ms": f"{cost.repair_p50_milliseconds:.0f}",
        "repair p95, ms": f"{cost.repair_p95_milliseconds:.0f}",
    }


def show_requests(costs: Sequence[Cost]) -> None:
    """What was asked of the API server, by verb and resource."""
    table = Table(title="Requests until all have a status")
    table.add_column("", no_wrap=True)
    for cost in costs:
        table.add_column(f"{cost.todoapps}", justify="right")
    for name in sorted({name for cost in costs for name in cost.requests}):
        table.add_row(name, *(str(cost.requests.get(name, 0)) for cost in costs))
    Console().print(table)


def write(costs: Sequence[Cost], folder: Path) -> Path:
    """Keep the figures in a new file, with the machine they come from."""
    taken_at = datetime.now(UTC)
    report = {
        "taken_at": taken_at,
        "machine": {
            "cores": os.cpu_count(),
            "system": platform.platform(),
            "python": platform.python_version(),
        },
        "costs": [asdict(cost) for cost in costs],
    }
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"operator-{taken_at:%Y%m%dT%H%M%SZ}.json"
    file.write_bytes(orjson.dumps(report, option=orjson.OPT_INDENT_2))
    return file
