"""Whether a process lives, whether it can work, and its figures."""

import asyncio
import logging
import math
from typing import Literal

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel

from todoapp import migrations
from todoapp.kit.database import Database
from todoapp.kit.errors import Unavailable
from todoapp.kit.outage import describe_outage, is_outage
from todoapp.messaging.relay import pending_events

__all__ = ["PATHS", "check_ready", "figures", "router", "wait_until_ready"]

logger = logging.getLogger(__name__)

RETRY_SECONDS = 0.5
PATHS = frozenset({"/health", "/health/live", "/health/ready"})

router = APIRouter(tags=["Operation"])
figures = APIRouter(tags=["Operation"])


class DatabaseAway(Unavailable):
    code = "database-away"

    def __init__(self) -> None:
        super().__init__("Not ready: the database does not answer.")


class DatabaseUnwritable(Unavailable):
    code = "database-unwritable"

    def __init__(self) -> None:
        super().__init__("Not ready: the database answers, but cannot be written.")


class SchemaBehind(Unavailable):
    code = "schema-behind"

    def __init__(self, found: str | None) -> None:
        super().__init__(
            f"Not ready: the database's schema is {found or 'missing'} and this version "
            f"works with {migrations.newest()}; run `todoapp migrate`."
        )


class Health(BaseModel):
    status: Literal["ok"] = "ok"


@router.get("/health/live")
async def live() -> Health:
    """The process runs and answers. Says nothing of what it depends on."""
    return Health()


@router.get("/health", operation_id="health")
@router.get("/health/ready")
async def ready(request: Request) -> Health:
    """The database answers and can be written, and its schema is at least the one of this version."""
    await check_ready(request.app.state.runtime.database)
    return Health()


@figures.get("/metrics", response_class=Response)
async def metrics(request: Request) -> Response:
    """The metrics of this process, for Prometheus."""
    runtime = request.app.state.runtime
    runtime.metrics.outbox_pending.set(await _pending(runtime.database))
    return Response(generate_latest(runtime.metrics.registry), media_type=CONTENT_TYPE_LATEST)


async def check_ready(database: Database) -> None:
    """
    Raises:
        DatabaseAway
        DatabaseUnwritable: a write failed, and so does another one.
        SchemaBehind
    """
    try:
        revision = await migrations.applied(database)
    except Exception as error:
        # Any error of the driver, a wrong password included: this process cannot work.
        raise DatabaseAway from error
    # A newer schema is fine: migrations run before the last process of the old version ends.
    if revision is None or revision < migrations.newest():
        raise SchemaBehind(revision)
    if database.writes_fail:
        await _check_writable(database)


async def _check_writable(database: Database) -> None:
    try:
        await migrations.rewrite(database)
    except Exception as error:
        raise DatabaseUnwritable from error


async def wait_until_ready(database: Database) -> None:
    """Return once the database can be worked with; say so in the log when that takes a while."""
    waiting_for = ""
    while True:
        try:
            await check_ready(database)
        except Unavailable as reason:
            if str(reason) != waiting_for:
                waiting_for = str(reason)
                logger.warning(waiting_for, extra={"cause": describe_outage(reason.__cause__ or reason)})
            await asyncio.sleep(RETRY_SECONDS)
        else:
            break
    if waiting_for:
        logger.info("Ready: the database answers")


async def _pending(database: Database) -> float:
    """A scrape tells the other figures even while the database is away."""
    try:
        return await pending_events(database)
    except Exception as error:
        if is_outage(error):
            return math.nan
        raise
