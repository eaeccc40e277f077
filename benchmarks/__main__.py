"""`make bench`: start a TodoApp as people do, measure it, stop it."""

from collections.abc import Iterator
from enum import StrEnum
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from benchmarks.figures import Figure
from benchmarks.flow import measure_flow
from benchmarks.footprint import measure_memory, measure_start
from benchmarks.hostile import measure_hostile
from benchmarks.installation import Installation, Kind, installed
from benchmarks.many_users import measure_users
from benchmarks.reactions import measure_reactions
from benchmarks.report import describe, show, write
from benchmarks.requests import measure_requests
from benchmarks.silent_receivers import measure_silent_receivers


class Part(StrEnum):
    START = "start"
    REACTIONS = "reactions"
    EVENTS = "events"
    REQUESTS = "requests"
    USERS = "users"
    HOSTILE = "hostile"
    MEMORY = "memory"


EVERYTHING, BOTH = list(Part), list(Kind)
USERS_SECONDS = 40.0


def bench(
    database: Annotated[list[Kind], typer.Option(help="Which databases.")] = BOTH,
    parts: Annotated[list[Part], typer.Option("--part", help="Which parts, in this order.")] = EVERYTHING,
    line: Annotated[str, typer.Option(help="Of the requests only those whose name contains this.")] = "",
    tasks: Annotated[int, typer.Option(min=200, help="Tasks of the user who asks.")] = 10_000,
    others: Annotated[int, typer.Option(min=0, help="On PostgreSQL, how many have as many tasks.")] = 99,
    users: Annotated[int, typer.Option(min=1, help="People at once.")] = 1000,
    samples: Annotated[int, typer.Option(min=16, help="Requests of each kind from 16 clients.")] = 800,
    results: Annotated[Path, typer.Option(help="Folder for the JSON files.")] = Path("benchmarks/results"),
) -> None:
    """Measure TodoApps on this machine."""
    figures = []
    for kind in database:
        with (
            TemporaryDirectory(prefix="todoapp-bench-") as directory,
            installed(kind, Path(directory)) as installation,
        ):
            for part in parts:
                for figure in _measured(installation, part, line, tasks, others, users, samples):
                    typer.echo(describe(figure))
                    figures.append(figure)
    show(figures)
    typer.echo(f"Written to {write(figures, results)}")


def _measured(
    installation: Installation, part: Part, line: str, tasks: int, others: int, users: int, samples: int
) -> Iterator[Figure]:
    match part:
        case Part.START:
            return measure_start(installation)
        case Part.REACTIONS:
            return measure_reactions(installation, samples=samples // 8)
        case Part.EVENTS:
            return measure_flow(installation)
        case Part.REQUESTS:
            return measure_requests(installation, line, tasks=tasks, others=others, samples=samples)
        case Part.USERS:
            return measure_users(installation, users=users, seconds=USERS_SECONDS)
        case Part.HOSTILE:
            return chain(
                measure_hostile(installation, samples=samples // 8),
                measure_silent_receivers(installation, samples=samples // 40),
            )
        case Part.MEMORY:
            return measure_memory(installation, when="after all that")


typer.run(bench)
