"""The command `todoapp`: one word starts one process.

Each command imports what it needs by itself, because a process should not start by reading the
code of all the others.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import SecretStr, ValidationError

from todoapp.commands import dead_letters, users
from todoapp.kit.settings import Settings
from todoapp.messaging.secret_store import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from todoapp.processes.runtime import Listeners, Runtime

__all__ = ["main"]

app = typer.Typer(
    help="The processes of TodoApp. Their configuration is in TODOAPP_… environment variables.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(dead_letters.app, name="dlq")
app.add_typer(users.app, name="users")


def main() -> None:
    """Run a command. An error that only a person can correct is one sentence and exit status 1."""
    try:
        app()
    except ConfigurationError as error:
        raise SystemExit(f"todoapp: {error}") from error
    except ValidationError as error:
        raise SystemExit(f"todoapp: {_settings_sentence(error)}") from error


def _settings_sentence(error: ValidationError) -> str:
    """Name the variables and the rules, never the values: one may be a secret."""
    found = []
    for problem in error.errors(include_input=False, include_url=False):
        variable = "_".join(["TODOAPP", *(str(step) for step in problem["loc"])]).upper()
        found.append(f"{variable}: {problem['msg']}" if problem["loc"] else problem["msg"])
    return "; ".join(found)


@app.command()
def api() -> None:
    """Serve people and their programs: HTTP and WebSocket."""
    from todoapp.processes.api.app import api_listeners

    _serve("api", api_listeners)


@app.command()
def notification() -> None:
    """Send reminders when they are due."""
    from todoapp.processes.notification.app import create_notification
    from todoapp.processes.runtime import Listeners

    _serve("notification", lambda runtime: Listeners(create_notification(runtime)))


@app.command()
def recurrence() -> None:
    """Create next occurrences, and keep the activity log."""
    from todoapp.processes.recurrence.app import create_recurrence
    from todoapp.processes.runtime import Listeners

    _serve("recurrence", lambda runtime: Listeners(create_recurrence(runtime)))


@app.command()
def migrate(
    down: Annotated[
        str | None,
        typer.Option(metavar="REVISION", help="Take back what came after it; `base` takes back all."),
    ] = None,
) -> None:
    """Bring the database to the schema of this version. Safe to start twice at once."""
    import asyncio

    from todoapp.kit.telemetry import configure_logging
    from todoapp.migrations.runner import migrate

    settings = Settings()
    configure_logging(settings, "migrate")
    asyncio.run(migrate(settings, down_to=down))


@app.command()
def openapi() -> None:
    """Print the API's OpenAPI document."""
    import asyncio

    import orjson

    from todoapp.processes.api.app import create_api
    from todoapp.processes.runtime import Runtime

    # Needed to build an application; no connection is opened with these.
    unused = SecretStr("unused" * 8)
    settings = Settings(database_url=SecretStr("sqlite:///unused"), jwt_secret=unused, sealing_key=unused)
    runtime = asyncio.run(Runtime.assemble(settings, "api"))
    typer.echo(orjson.dumps(create_api(runtime).openapi(), option=orjson.OPT_INDENT_2))


@app.command()
def schemas(directory: Annotated[Path, typer.Argument(help="where the files go")]) -> None:
    """Write the JSON Schemas of all events, one file for each version."""
    from todoapp.commands.event_schemas import SchemaChanged, write_schemas

    try:
        for path in write_schemas(directory):
            typer.echo(path)
    except SchemaChanged as error:
        raise SystemExit(f"todoapp: {error}") from error


def _serve(service: str, create: "Callable[[Runtime], Listeners]") -> None:
    from todoapp.processes.runtime import run

    run(service, create, Settings())
