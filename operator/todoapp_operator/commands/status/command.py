"""The command `todoappctl status`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from todoapp_operator.commands.status.kubectl import Kubectl
from todoapp_operator.commands.status.printing import print_tree, to_json
from todoapp_operator.commands.status.reading import read

__all__ = ["status"]


_ENDLESS = 10_000


class Form(StrEnum):
    TREE = "tree"
    JSON = "json"


def status(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the TodoApp.", show_default=False)],
    namespace: Annotated[
        str | None, typer.Option("--namespace", "-n", help="Its namespace; kubectl's own when left out.")
    ] = None,
    form: Annotated[Form, typer.Option("--output", "-o", help="For people or for programs.")] = Form.TREE,
    kubeconfig: Annotated[
        Path | None, typer.Option(metavar="FILE", help="As kubectl's option.", show_default=False)
    ] = None,
    context: Annotated[str | None, typer.Option(help="As kubectl's option.", show_default=False)] = None,
) -> None:
    """Show a TodoApp of a cluster: its conditions, and everything that it has become."""
    overview = read(Kubectl.choosing(kubeconfig, context), name, namespace)
    if form is Form.JSON:
        typer.echo(to_json(overview))
    else:
        console = Console()
        # In a file or a pipe a line has no end; on a terminal it goes on in the next.
        print_tree(overview, console if console.is_terminal else Console(width=_ENDLESS, soft_wrap=True))
