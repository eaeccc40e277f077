"""What the services share: how a process is built, serves and stops.

Each serves its sidecar and monitoring at one port, the inner one; the api serves people at another.
"""

import asyncio
import logging
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from typing import Any, Self, cast

import uvicorn
import uvloop
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.middleware import Middleware
from starlette.types import Lifespan

import todoapp.models  # noqa: F401 - a foreign key finds its table only where that is imported too
from todoapp.features.channels.mail_server import MailServer
from todoapp.kit.database import Database
from todoapp.kit.metrics import Metrics
from todoapp.kit.outage import describe_outage, is_outage
from todoapp.kit.sealing import Seal
from todoapp.kit.settings import Settings
from todoapp.kit.telemetry import configure_logging
from todoapp.messaging.event import Topic
from todoapp.messaging.outbox import Outbox
from todoapp.messaging.relay import Relay, Route
from todoapp.messaging.secret_store import (
    ConfigurationError,
    Keys,
    app_api_token,
    connect_database,
    read_keys,
    read_optional,
)
from todoapp.messaging.sidecar import Sidecar
from todoapp.messaging.subscriptions import Consumer
from todoapp.processes.web import health
from todoapp.processes.web.connections import BoundedHttp
from todoapp.processes.web.hosts import AllowedHosts, Hosts
from todoapp.processes.web.middleware import BodyLimits, Observed
from todoapp.processes.web.problem import answer_problems
from todoapp.processes.web.security_headers import SecurityHeaders

__all__ = ["Job", "Listeners", "Runtime", "inner_app", "public_app", "run"]

logger = logging.getLogger(__name__)

KEEP_ALIVE_SECONDS = 75
"""Longer than clients and proxies keep idle connections (httpx 5 s, Envoy and nginx 60 s), or a request could
meet a connection that we are just closing."""
PUBLIC_GRACE_SECONDS = 2
INNER_GRACE_SECONDS = 1
"""For requests that run when the process is told to stop: one after the other, within the 4 s that
`todoappctl run` gives it, and the 5 s of a pod."""
LONGEST_MESSAGE = 64 << 10
"""Bytes that a WebSocket client may send at once; the longest thing it has to say is a token."""
RESTART_SECONDS = 1.0

Job = Callable[[], Awaitable[None]]
"""Work that a process does by itself, beside answering requests; it returns only when cancelled."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Runtime:
    """The parts of one process, made once and passed along."""

    settings: Settings
    service: str
    keys: Keys
    seal: Seal = field(repr=False)
    database: Database
    outbox: Outbox
    sidecar: Sidecar
    relay: Relay
    mail_server: MailServer | None
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
        keys = await read_keys(settings, sidecar)
        smtp_url = (await read_optional(settings, sidecar, "smtp_url")).strip()  # a file ends with a line
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
            keys=keys,
            # Before there was a sealing key, values were sealed under the JWT secret.
            seal=Seal.of(*keys.sealing, *keys.signing),
            database=database,
            outbox=Outbox(database, service, settings.limits, on_commit=[relay.wake]),
            sidecar=sidecar,
            relay=relay,
            mail_server=MailServer.of(smtp_url) if smtp_url else None,
            metrics=Metrics.fresh(),
            now=now,
        )

    def consumer(self, *, actor: str) -> Consumer:
        """The receiving edge of this process; changes that deliveries lead to are the `actor`'s.

        Raises:
            ConfigurationError: nothing tells the sidecar from any other caller.
        """
        deliveries = self.metrics.deliveries
        return Consumer(
            outbox=self.outbox,
            name=self.service,
            actor=actor,
            app_api_token=app_api_token(self.settings),
            observe=lambda outcome: deliveries.labels(self.service, outcome).inc(),
            now=self.now,
        )

    @property
    def sends_links(self) -> bool:
        """Whether a one-time link that somebody asks for reaches that person."""
        return self.mail_server is not None or self.settings.print_links

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


@dataclass(frozen=True)
class Listeners:
    """What a process serves: `inner` to its sidecar and to monitoring, `public` to people."""

    inner: FastAPI
    public: FastAPI | None = None


def inner_app(
    runtime: Runtime,
    *,
    body_limits: Mapping[str, int | None],
    jobs: Sequence[Job] = (),
) -> FastAPI:
    """What every process serves; while it does, the relay and `jobs` run beside it.

    Args:
        body_limits: path → how many bytes a body may have there, where that differs from the settings; None
            where the route itself limits what it reads.
    """
    app = _app(
        runtime,
        body_limits,
        lifespan=_working_beside(runtime, [runtime.relay.run, *jobs]),
        openapi_url=None,
    )
    app.include_router(health.figures)
    return app


def public_app(
    runtime: Runtime, *, title: str, description: str, body_limits: Mapping[str, int | None]
) -> FastAPI:
    """What people reach. `body_limits` as for `inner_app`."""
    by_host = Middleware(AllowedHosts, hosts=Hosts.of(runtime.settings))
    return _app(runtime, body_limits, title=title, description=description, middleware=[by_host])


def _app(runtime: Runtime, body_limits: Mapping[str, int | None], **options: Any) -> FastAPI:
    """`middleware` in `options` lies within that of every process."""
    app = FastAPI(
        **options,
        version=version("todoapp"),
        generate_unique_id_function=_operation_id,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
    )
    app.state.runtime = runtime
    limits = BodyLimits(runtime.settings.request_body_bytes, by_path=body_limits)
    app.add_middleware(Observed, metrics=runtime.metrics, body_limits=limits)
    app.add_middleware(SecurityHeaders, https=runtime.settings.public_url.startswith("https://"))
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


def run(service: str, create: Callable[[Runtime], Listeners], settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        ConfigurationError: before anything is served.
    """
    app_api_token(settings)  # or it would be missed only after waiting for the sidecar's secrets
    configure_logging(settings, service)
    uvloop.run(_serve(service, create, settings))


async def _serve(service: str, create: Callable[[Runtime], Listeners], settings: Settings) -> None:
    # The sidecar waits for this port before it serves the secrets that this process waits for.
    inner_socket = _listen(settings, settings.inner_port, "TODOAPP_INNER_PORT")
    runtime = await Runtime.assemble(settings, service)
    listeners = create(runtime)
    servers = [_inner_server(listeners.inner, inner_socket, settings)]
    if listeners.public is not None:
        public_socket = _listen(settings, settings.port, "TODOAPP_PORT")
        servers.insert(0, _public_server(listeners.public, public_socket, settings))
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await _serve_until(stop, servers)
    await runtime.close()
    logger.info("Stopped")


class _Server(uvicorn.Server):
    """One of several in a process. It leaves signals to the process, which stops them all."""

    def __init__(self, app: FastAPI, listening: socket.socket, settings: Settings, **options: Any) -> None:
        protocol = partial(BoundedHttp, patience=settings.client_seconds, most=settings.most_connections)
        config = uvicorn.Config(
            app,
            http=cast("type[BoundedHttp]", protocol),  # uvicorn only calls it
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            **options,
        )
        super().__init__(config)
        self._listening = listening

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def serve_socket(self) -> None:
        host, port, *_ = self._listening.getsockname()
        logger.info("Serving", extra={"address": f"http://{host}:{port}"})
        await self.serve(sockets=[self._listening])


def _inner_server(app: FastAPI, listening: socket.socket, settings: Settings) -> _Server:
    """Nobody is in front of it, so what a caller says of its address counts for nothing."""
    return _Server(
        app,
        listening,
        settings,
        proxy_headers=False,
        ws="none",
        lifespan="on",
        timeout_graceful_shutdown=INNER_GRACE_SECONDS,
    )


def _public_server(app: FastAPI, listening: socket.socket, settings: Settings) -> _Server:
    return _Server(
        app,
        listening,
        settings,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies,
        ws_max_size=LONGEST_MESSAGE,
        lifespan="off",
        timeout_graceful_shutdown=PUBLIC_GRACE_SECONDS,
    )


async def _serve_until(stop: asyncio.Event, servers: Sequence[_Server]) -> None:
    """Serve until `stop` is set; then end one server after the other.

    The inner one is the last: its relay still publishes what the last requests of people committed.
    """
    async with asyncio.TaskGroup() as group:
        serving = [(server, group.create_task(server.serve_socket())) for server in servers]
        await stop.wait()
        for server, task in serving:
            server.should_exit = True
            await task


def _listen(settings: Settings, port: int, variable: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, port), family=family, backlog=2048)
    except OSError as error:
        reason = str(error.strerror).partition(" (")[0]
        raise ConfigurationError(
            f"Cannot listen on {settings.host}:{port}: {reason}; "
            f"set TODOAPP_HOST and {variable} to an address that is free."
        ) from error
