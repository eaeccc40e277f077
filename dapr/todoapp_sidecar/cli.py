"""`todoapp-sidecar`: Dapr's HTTP API for the apps named on the command line."""

import asyncio
import os
import sqlite3
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from todoapp_sidecar.apps import App, InvalidApp, parse_app
from todoapp_sidecar.logs import LogFormat, configure
from todoapp_sidecar.process import Settings, serve
from todoapp_sidecar.resource_files import InvalidResource, load
from todoapp_sidecar.store import InvalidState

__all__ = ["main"]


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def main() -> None:
    """The entry point of the command."""
    typer.run(run)


def run(
    resources_path: Annotated[
        list[Path], typer.Option(help="A Dapr resource file, or a folder of them; may be repeated.")
    ],
    state: Annotated[Path, typer.Option(help="The SQLite file that keeps events, jobs and state.")],
    app: Annotated[
        list[str],
        typer.Option(
            help="id=ID,app-port=PORT,http-port=PORT and optionally health=/PATH, name=NAME,"
            " max-concurrency=N; repeated for every instance."
        ),
    ],
    listen_address: Annotated[str, typer.Option(help="Where the API listens.")] = "127.0.0.1",
    log_format: Annotated[LogFormat, typer.Option(help="How log lines are written.")] = LogFormat.TEXT,
    log_level: Annotated[LogLevel, typer.Option(help="The least that is logged.")] = LogLevel.INFO,
) -> None:
    """Serve Dapr's HTTP API to apps on this machine.

    DAPR_API_TOKEN is what callers have to show, APP_API_TOKEN what the sidecar shows to the apps.
    """
    configure(log_format, log_level.upper())
    try:
        settings = Settings(
            apps=_apps(app),
            resources=load(resources_path),
            state=state,
            host=listen_address,
            api_token=os.environ.get("DAPR_API_TOKEN") or None,
            app_token=os.environ.get("APP_API_TOKEN") or None,
        )
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(settings))
    except (InvalidApp, InvalidResource, InvalidState, OSError, sqlite3.Error) as error:
        typer.echo(f"todoapp-sidecar: {error}", err=True)
        sys.exit(1)


def _apps(texts: list[str]) -> list[App]:
    """Raises: InvalidApp, also for a port that two of them claim."""
    apps = [parse_app(text) for text in texts]
    ports = [app.http_port for app in apps]
    if twice := next((port for port in ports if ports.count(port) > 1), None):
        raise InvalidApp(f"Two apps have http-port={twice}; each needs its own.")
    return apps
