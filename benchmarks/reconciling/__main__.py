"""`make bench-operator`: start a control plane, measure the operator on it, stop both."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from benchmarks.reconciling.measuring import Cost, measure
from benchmarks.reconciling.report import show, show_requests, write
from testbed.control_plane.cluster import running_cluster
from testbed.control_plane.components import Component
from testbed.kubernetes.audit_log import Audit
from testbed.kubernetes.objects import Objects, install_definition
from testbed.kubernetes.operator_account import install_rights, kubeconfig_of_operator
from testbed.kubernetes.operator_process import running_operator

OTHERS = (Component.CONTROLLER_MANAGER, Component.SCHEDULER, Component.KWOK)
"""What runs beside the API server. Pods are their work, and would take the processor from the operator."""


def bench(
    counts: Annotated[list[int] | None, typer.Argument(metavar="[TODOAPPS]...", help="How many.")] = None,
    samples: Annotated[int, typer.Option(min=2, help="Repairs that are measured.")] = 40,
    results: Annotated[Path, typer.Option(help="Folder for the JSON files.")] = Path("benchmarks/results"),
) -> None:
    """Measure the operator with 1, 100 and 1000 TodoApps, each number on a cluster of its own."""
    costs = [cost_of(count, samples) for count in counts or (1, 100, 1000)]
    show(costs)
    show_requests(costs)
    typer.echo(f"Written to {write(costs, results)}")


def cost_of(count: int, samples: int) -> Cost:
    with TemporaryDirectory(prefix="todoapp-bench-") as directory:
        folder = Path(directory)
        with (
            running_cluster(folder / "cluster", typer.echo) as cluster,
            Objects.of(cluster.connection) as objects,
        ):
            for component in OTHERS:
                cluster.kill(component)
            install_definition(objects)
            install_rights(objects)
            kubeconfig = kubeconfig_of_operator(cluster.connection, objects, folder / "kubeconfig")
            with running_operator(kubeconfig, folder / "operator.log") as operator:
                operator.wait_until_active()
                typer.echo(f"measuring {count} TodoApps")
                return measure(objects, operator, Audit(cluster.audit_log), count, samples=samples)


typer.run(bench)
