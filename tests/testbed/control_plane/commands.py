"""`make cluster-up` and `make cluster-down`: a Kubernetes control plane to try things on."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from testbed.control_plane.background import bring_up, running, take_down
from testbed.control_plane.initial_objects import not_ready, not_usable
from todoapp_operator.resource.user_error import UserError

__all__ = ["main"]

cluster = typer.Typer(
    help="Run a real Kubernetes control plane on this machine; its nodes only pretend to run pods.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

State = Annotated[Path, typer.Option("--state", metavar="DIR", help="Folder for all that it stores.")]
_STATE = Path(".todoapp")


@cluster.command()
def up(state: State = _STATE) -> None:
    """Start it in the background. The first time, its programs are built from source."""
    connection = bring_up(state, typer.echo)
    typer.echo(f"Kubernetes is ready at {connection.url}. To use it:")
    typer.echo(f"export KUBECONFIG={connection.kubeconfig}")


@cluster.command()
def down(state: State = _STATE) -> None:
    """Stop it and remove all that it stored."""
    typer.echo("Stopped and removed." if take_down(state) else f"No control plane runs in {state}.")


@cluster.command()
def status(state: State = _STATE) -> None:
    """Say where it is and whether it can be used."""
    connection = running(state)
    if not connection:
        raise UserError(f"No control plane runs in {state}; start one with `make cluster-up`.")
    with connection.client() as api:
        lacks = list(not_ready(api)) or list(not_usable(api))
    if lacks:
        raise UserError(f"Kubernetes at {connection.url} lacks {', '.join(lacks)}.")
    typer.echo(f"Kubernetes is ready at {connection.url}; KUBECONFIG={connection.kubeconfig}")


def main() -> None:
    """Run the command line; a UserError becomes its sentences and exit code 1."""
    try:
        cluster(prog_name="python -m testbed.control_plane")
    except UserError as error:
        for sentence in error.sentences:
            typer.echo(sentence, err=True)
        sys.exit(1)
