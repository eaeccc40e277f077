"""`todoappctl`: run, check and render TodoApps. As `kubectl todoapp` it is a kubectl plug-in."""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath
from typing import Annotated

import typer

from todoapp_operator.commands.crd import crd
from todoapp_operator.commands.network_page import network_page
from todoapp_operator.commands.python_types import python_types
from todoapp_operator.commands.reference import reference
from todoapp_operator.commands.run.command import Request, Sidecar, run
from todoapp_operator.commands.run.console import Console
from todoapp_operator.commands.status.command import status
from todoapp_operator.kube.manifest import Manifest, to_yaml
from todoapp_operator.release import released_image
from todoapp_operator.render.dapr.files import published_files
from todoapp_operator.render.platform import Platform
from todoapp_operator.render.secret_specs import secret_specs
from todoapp_operator.render.todoapp import render
from todoapp_operator.resource.component import Component
from todoapp_operator.resource.document import load
from todoapp_operator.resource.metadata import Metadata
from todoapp_operator.resource.spec import LogLevel, TodoApp
from todoapp_operator.resource.user_error import UserError

__all__ = ["main"]

cli = typer.Typer(
    help="Run, check and render TodoApps.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
cli.command()(status)

File = Annotated[Path, typer.Argument(metavar="FILE", help="YAML file with a TodoApp.", show_default=False)]


def main() -> None:
    """Run the command line; a UserError becomes its sentences and exit code 1."""
    try:
        cli()
    except UserError as error:
        for sentence in error.sentences:
            typer.echo(sentence, err=True)
        sys.exit(1)


@cli.command("run")
def run_command(
    file: File,
    state: Annotated[Path, typer.Option(metavar="DIR", help="Folder for all state.")] = Path(".todoapp"),
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the api.")] = 8000,
    sidecar: Annotated[
        Sidecar, typer.Option(help="The embedded sidecar, or Dapr's own (needs a broker in FILE).")
    ] = Sidecar.EMBEDDED,
    log_level: Annotated[
        LogLevel | None,
        typer.Option(
            help="Least severe line to show, in place of spec.observability.logLevel.", show_default=False
        ),
    ] = None,
    replicas: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=N", help="Run N of a process, as in api=2.", show_default=False),
    ] = None,
) -> None:
    """Run a TodoApp on this machine until Ctrl-C.

    Everything is kept in one folder: run the same FILE again and nothing is lost. Where FILE names no
    database or broker, SQLite and an embedded broker are used.
    """
    request = Request(file, state, port, sidecar, log_level, _replicas(replicas or []))
    run(request, Console.on(sys.stdout))


@cli.command()
def validate(file: File) -> None:
    """Check a file and say what is wrong with it, line by line."""
    app = load(file).app
    typer.echo(f"{file}: TodoApp `{app.metadata.name}` is valid.")


@cli.command("render")
def render_command(
    file: File,
    output_dir: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Write one file for each object, to an empty folder.", show_default=False
        ),
    ] = None,
) -> None:
    """Print every object that the operator would make of FILE, on a cluster with all that FILE needs.

    Secrets have values, so none is printed: standard error names those that have to be there.
    """
    app = load(file).app
    manifests = render(app, Platform(image=released_image())).manifests
    if output_dir is None:
        typer.echo("---\n".join(map(to_yaml, manifests)), nl=False)
    else:
        _require_empty(output_dir)
        _write({output_dir / _file_name(manifest): manifest for manifest in manifests})
    for secret in secret_specs(app):
        typer.echo(str(secret), err=True)


@cli.command("operate")
def operate_command(
    port: Annotated[
        int, typer.Option(min=1, max=65535, help="Port of /healthz, /readyz and /metrics.")
    ] = 8080,
    namespace: Annotated[
        str, typer.Option(envvar="POD_NAMESPACE", help="Namespace of the Lease by which replicas take turns.")
    ] = "todoapp-system",
    watch_namespaces: Annotated[
        str,
        typer.Option(
            envvar="WATCH_NAMESPACES",
            metavar="NAMES",
            help="Namespaces to look at, separated by commas; all of them when left out.",
        ),
    ] = "",
    watch_secrets: Annotated[
        str,
        typer.Option(
            envvar="WATCH_SECRETS",
            metavar="NAMES",
            help="Secrets to look at, as NAMESPACE/NAME, separated by commas; all of those namespaces when "
            "left out.",
        ),
    ] = "",
    resync_seconds: Annotated[float, typer.Option(min=1, help="Seconds between full resyncs.")] = 600,
    lease_seconds: Annotated[
        int,
        typer.Option(min=1, help="Seconds until another replica takes over from one that was killed."),
    ] = 15,
    log_level: Annotated[LogLevel, typer.Option(help="Least severe line to log.")] = "INFO",
) -> None:
    """Keep every TodoApp of a cluster as its resource says, until SIGTERM.

    In a pod it works as the pod's service account, elsewhere by KUBECONFIG. Of several replicas one is
    active; another takes over when it ends.
    """
    # Kopf imports the `kubernetes` client where it is installed, for classes that it is never given here;
    # that costs a third of a second and 10 MB (ADR 36).
    sys.modules["kubernetes"] = None  # type: ignore[assignment]
    # Kopf alone takes longer to import than most other commands to run.
    from todoapp_operator.controller.process import operate
    from todoapp_operator.controller.watched import Watched

    watched = Watched.of(watch_namespaces, watch_secrets)
    operate(port, namespace, watched, resync_seconds, lease_seconds, log_level)


@cli.command("crd")
def crd_command() -> None:
    """Print the CustomResourceDefinition that makes a cluster know TodoApps."""
    typer.echo(to_yaml(crd()), nl=False)


@cli.command("dapr-files")
def dapr_files(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to write to.")] = Path("dapr"),
) -> None:
    """Write the Dapr files of the default TodoApp, for the Dapr CLI and kubectl."""
    files = published_files(TodoApp(metadata=Metadata(name="todo")))
    _write({folder / name: manifest for name, manifest in files.items()})


@cli.command("python-types")
def python_types_command() -> None:
    """Print the fields of a TodoApp as Python types, for Pulumi programs."""
    typer.echo(python_types(), nl=False)


@cli.command("network")
def network_command() -> None:
    """Print which connections a TodoApp's NetworkPolicies let through, as a page in Markdown."""
    typer.echo(network_page(), nl=False)


@cli.command("reference")
def reference_command() -> None:
    """Print every field of a TodoApp as a page in Markdown."""
    typer.echo(reference(), nl=False)


def _require_empty(folder: Path) -> None:
    if folder.is_dir() and any(folder.iterdir()):
        raise UserError(f"{folder} is not empty; empty it, so that no file of an earlier rendering is left.")


def _file_name(manifest: Manifest) -> PurePath:
    metadata = manifest["metadata"]
    return PurePath(metadata["namespace"], f"{manifest['kind'].lower()}-{metadata['name']}.yaml")


def _write(files: Mapping[Path, Manifest]) -> None:
    for path, manifest in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(to_yaml(manifest), encoding="utf-8")
        except OSError as error:
            raise UserError(f"{path} cannot be written ({error.strerror}); choose another folder.") from error


def _replicas(options: Iterable[str]) -> dict[Component, int]:
    counts = dict.fromkeys(Component, 1)
    for option in options:
        name, _, count = option.partition("=")
        if name not in counts or not count.isdecimal() or not 1 <= int(count) <= 16:
            known = ", ".join(Component)
            raise UserError(
                f"--replicas {option}: write NAME=N with one of {known} and a number from 1 to 16."
            )
        counts[Component(name)] = int(count)
    return counts
