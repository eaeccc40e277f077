"""`make bench`: start a TodoApp as people do, measure it, stop it."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from benchmarks.figures import measure
from benchmarks.report import show, write
from testbed.stack import running_stack


def bench(
    tasks: Annotated[int, typer.Option(min=1, help="Tasks in the lists that are read.")] = 2000,
    samples: Annotated[int, typer.Option(min=2, help="Measurements of each latency.")] = 100,
    results: Annotated[Path, typer.Option(help="Folder for the JSON files.")] = Path("benchmarks/results"),
) -> None:
    """Measure a TodoApp with an SQLite database on this machine."""
    with (
        TemporaryDirectory(prefix="todoapp-bench-") as directory,
        running_stack(Path("examples/todo.yaml"), Path(directory)) as stack,
    ):
        figures = list(measure(stack, tasks=tasks, samples=samples))
    show(figures)
    typer.echo(f"Written to {write(figures, results)}")


typer.run(bench)
