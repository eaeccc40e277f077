"""The installation that a command works on, and the forms in which commands print."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated

import orjson
import typer

from todoapp.kit.database import Database
from todoapp.kit.outage import describe_outage, is_outage
from todoapp.kit.settings import Settings
from todoapp.messaging.secret_store import ConfigurationError, connect_database
from todoapp.messaging.sidecar import Sidecar

__all__ = ["AsJson", "instant", "opened_database", "print_json"]

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@asynccontextmanager
async def opened_database(settings: Settings) -> AsyncIterator[Database]:
    """
    Raises:
        ConfigurationError: it is named nowhere, or does not answer.
    """
    sidecar = Sidecar.of(settings)
    database = await connect_database(settings, sidecar, pool_size=1)
    try:
        yield database
    except Exception as error:
        if is_outage(error):
            raise ConfigurationError(f"The database does not answer ({describe_outage(error)}).") from error
        raise
    finally:
        await database.close()
        await sidecar.close()


def instant(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}Z"


def print_json(value: object) -> None:
    typer.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2))
