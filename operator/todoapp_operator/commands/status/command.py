"""The command `todoappctl status`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from todoapp_operator.commands.status.printer import print_tree, to_json
from todoapp_operator.resource.user_error import UserError

__all__ = ["status"]


_ENDLESS = 10_000


class Form(StrEnum):
    TREE = "tree"
    JSON = "json"


def status(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the TodoApp.", show_default=False)],
    namespace: Annotated[
        str | None, typer.Option("--namespace", "-n", help="Its namespace; the context's when left out.")
    ] = None,
    form: Annotated[Form, typer.Option("--output", "-o", help="For people or for programs.")] = Form.TREE,
    kubeconfig: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The kubeconfig; else KUBECONFIG, or ~/.kube/config, or the pod's service account.",
            show_default=False,
        ),
    ] = None,
    context: Annotated[
        str | None, typer.Option(help="Context of the kubeconfig; else its current one.", show_default=False)
    ] = None,
) -> None:
    """Show a TodoApp of a cluster: its conditions, and everything that it has become."""
    # No other command should wait for the `kubernetes` client (ADR 36).
    try:
        from todoapp_operator.commands.status.cluster import Cluster
        from todoapp_operator.commands.status.reader import read
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if library not in ("kubernetes", "urllib3"):
            raise
        raise UserError(
            f"The library {library} is not installed; run: pip install 'todoapp[operator,status]'"
        ) from error

    with Cluster.of_context(kubeconfig, context) as cluster:
        overview = read(cluster, name, namespace)
    if form is Form.JSON:
        typer.echo(to_json(overview))
    else:
        console = Console()
        # In a file or a pipe a line has no end; on a terminal it goes on in the next.
        print_tree(overview, console if console.is_terminal else Console(width=_ENDLESS, soft_wrap=True))
