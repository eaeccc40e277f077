"""What the services share: how a process is built, serves and stops."""

import asyncio
import logging
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Self

import uvicorn
import uvloop
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.types import Lifespan

import todoapp.models  # noqa: F401 - a foreign key finds its table only where that is imported too
from todoapp.kit.database import Database
from todoapp.kit.metrics import Metrics
from todoapp.kit.outage import describe_outage, is_outage
from todoapp.kit.sealing import Seal
from todoapp.kit.settings import Settings
from todoapp.kit.telemetry import configure_logging
from todoapp.messaging.event import Topic
from todoapp.messaging.outbox import Outbox
from todoapp.messaging.relay import Relay, Route
from todoapp.messaging.secret_store import ConfigurationError, connect_database, read_secret
from todoapp.messaging.sidecar import Sidecar
from todoapp.messaging.subscriptions import Consumer
from todoapp.processes.web import health
from todoapp.processes.web.middleware import BodyLimits, Observed
from todoapp.processes.web.problem import answer_problems

__all__ = ["Job", "Runtime", "base_app", "run"]

logger = logging.getLogger(__name__)

KEEP_ALIVE_SECONDS = 75
"""Longer than clients and proxies keep idle connections (httpx 5 s, Envoy and nginx 60 s), or a request could
meet a connection that we are just closing."""
GRACE_SECONDS = 2
LONGEST_MESSAGE = 64 << 10
"""Bytes that a WebSocket client may send at once; the longest thing it has to say is a token."""
RESTART_SECONDS = 1.0
SIGNING_KEY_BYTES = 32
"""An HMAC key should be as long as its hash (RFC 7518 §3.2)."""

Job = Callable[[], Awaitable[None]]
"""Work that a process does by itself, beside answering requests; it returns only when cancelled."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Runtime:
    """The parts of one process, made once and passed along."""

    settings: Settings
    service: str
    signing_key: str = field(repr=False)
    seal: Seal = field(repr=False)
    database: Database
    outbox: Outbox
    sidecar: Sidecar
    relay: Relay
    metrics: Metrics
    now: Callable[[], datetime]

    @classmethod
    async def assemble(
        cls, settings: Settings, service: str, *, now: Callable[[], datetime] = _utc_now
    ) -> Self:
        """Build the parts. The only thing outside that this waits for is a secret in a secret store.

        Raises:
            ConfigurationError
        """
        sidecar = Sidecar.of(settings)
        database = await connect_database(settings, sidecar, pool_size=settings.database_pool_size)
        signing_key = await read_secret(settings, sidecar, "jwt_secret")
        if len(signing_key.encode()) < SIGNING_KEY_BYTES:
            raise ConfigurationError(f"The JWT secret must have at least {SIGNING_KEY_BYTES} bytes.")
        relay = Relay(
            database,
            sidecar,
            routes=_routes(settings),
            batch_size=settings.relay_batch_size,
            idle_seconds=settings.relay_idle_seconds,
        )
        return cls(
            settings=settings,
            service=service,
            signing_key=signing_key,
            seal=Seal.of(signing_key),
            database=database,
            outbox=Outbox(database, service, on_commit=[relay.wake]),
            sidecar=sidecar,
            relay=relay,
            metrics=Metrics.fresh(),
            now=now,
        )

    def consumer(self, *, actor: str) -> Consumer:
        """The receiving edge of this process; changes that deliveries lead to are the `actor`'s."""
        token = self.settings.app_api_token
        deliveries = self.metrics.deliveries
        return Consumer(
            outbox=self.outbox,
            name=self.service,
            actor=actor,
            app_api_token=token.get_secret_value() if token else None,
            observe=lambda outcome: deliveries.labels(self.service, outcome).inc(),
            now=self.now,
        )

    async def close(self) -> None:
        await self.sidecar.close()
        await self.database.close()


def _routes(settings: Settings) -> dict[Topic, Route]:
    names = settings.topics
    return {
        Topic.TASK_EVENTS: (settings.pubsub, names.task_events),
        Topic.REMINDERS: (settings.pubsub, names.reminders),
        Topic.TASK_UPDATES: (settings.updates_pubsub, names.task_updates),
        Topic.ACTIVITY_LOGS: (settings.pubsub, names.activity_logs),
    }


def base_app(
    runtime: Runtime,
    *,
    title: str,
    description: str,
    jobs: Sequence[Job] = (),
    body_limits: Mapping[str, int] | None = None,
) -> FastAPI:
    """An application with what every service has; while it serves, the relay and `jobs` run beside it.

    Args:
        body_limits: path → how many bytes a body may have there, where that differs from the settings.
    """
    app = FastAPI(
        title=title,
        description=description,
        version=version("todoapp"),
        lifespan=_working_beside(runtime, [runtime.relay.run, *jobs]),
        generate_unique_id_function=_operation_id,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
    )
    app.state.runtime = runtime
    limits = BodyLimits(runtime.settings.request_body_bytes, by_path=body_limits or {})
    app.add_middleware(Observed, metrics=runtime.metrics, body_limits=limits)
    answer_problems(app)
    app.include_router(health.router)
    return app


def _operation_id(route: APIRoute) -> str:
    return route.name


def _working_beside(runtime: Runtime, jobs: Sequence[Job]) -> Lifespan[FastAPI]:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        work = asyncio.create_task(_work(runtime.database, jobs))
        yield
        work.cancel()
        await asyncio.wait([work])

    return lifespan


async def _work(database: Database, jobs: Sequence[Job]) -> None:
    await health.wait_until_ready(database)
    async with asyncio.TaskGroup() as group:
        for job in jobs:
            group.create_task(_keep_running(job))


async def _keep_running(job: Job) -> None:
    while True:
        try:
            await job()
        except Exception as error:
            if is_outage(error):
                logger.warning(
                    "Background task waits for the database", extra={"error": describe_outage(error)}
                )
            else:
                logger.exception("Background task failed; restarting it")
        await asyncio.sleep(RESTART_SECONDS)


def run(service: str, create: Callable[[Runtime], FastAPI], settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        ConfigurationError: before anything is served.
    """
    configure_logging(settings, service)
    uvloop.run(_serve(service, create, settings))


async def _serve(service: str, create: Callable[[Runtime], FastAPI], settings: Settings) -> None:
    listening = _listen(settings)
    runtime = await Runtime.assemble(settings, service)
    server = uvicorn.Server(
        uvicorn.Config(
            create(runtime),
            http="httptools",
            log_config=None,
            access_log=False,
            server_header=False,
            forwarded_allow_ips=settings.trusted_proxies,
            ws_max_size=LONGEST_MESSAGE,
            lifespan="on",
            timeout_graceful_shutdown=GRACE_SECONDS,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
        )
    )
    logger.info("Serving", extra={"address": f"http://{settings.host}:{settings.port}"})
    # uvicorn raises the signal that stopped it once more; a process that stopped as asked ends with 0.
    for stop_signal in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop_signal, lambda *_: None)
    await server.serve(sockets=[listening])
    await runtime.close()
    logger.info("Stopped")


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as error:
        reason = str(error.strerror).partition(" (")[0]
        raise ConfigurationError(
            f"Cannot listen on {settings.host}:{settings.port}: {reason}; "
            "set TODOAPP_HOST and TODOAPP_PORT to an address that is free."
        ) from error
