"""The process: one state file, the apps it serves, and the periodic chores."""

import asyncio
import logging
import signal
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from todoapp_sidecar.apps import App
from todoapp_sidecar.broker import Broker
from todoapp_sidecar.channel import AppChannel, client_session
from todoapp_sidecar.context import Context, Shared
from todoapp_sidecar.directory import Directory, Endpoint
from todoapp_sidecar.durations import parse_duration
from todoapp_sidecar.health import AppHealth
from todoapp_sidecar.jobs import Jobs
from todoapp_sidecar.leases import LEASE_SECONDS
from todoapp_sidecar.resource_files import InvalidResource
from todoapp_sidecar.resources import Resources
from todoapp_sidecar.secrets import SecretStore, secret_store
from todoapp_sidecar.sidecar import Sidecar
from todoapp_sidecar.state import sweep
from todoapp_sidecar.store import Store
from todoapp_sidecar.wakeups import Wakeups

__all__ = ["Settings", "serve"]

DEFAULT_RETENTION = "168h"
RENEW_SECONDS = LEASE_SECONDS / 3
TIDY_SECONDS = 20.0
WATCH_SECONDS = 0.1
"""Between checks for what other processes wrote."""

Chore = Callable[[], Awaitable[None]]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """What the command line and the environment say."""

    apps: Sequence[App]
    resources: Resources
    state: Path
    host: str
    api_token: str | None = field(repr=False)
    app_token: str | None = field(repr=False)


async def serve(settings: Settings) -> None:
    """Serve all apps until SIGTERM or SIGINT, or until each of them was told to shut down.

    Raises:
        InvalidResource
        InvalidState
        OSError: a port is taken.
    """
    secrets = {
        component.name: secret_store(component)
        for component in settings.resources.components
        if component.block == "secretstores"
    }
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(Store(settings.state))
        wakeups = Wakeups()
        shared = Shared(
            store=store,
            broker=Broker(store, wakeups, retention_seconds=_retention_seconds(settings.resources)),
            jobs=Jobs(store, wakeups),
            wakeups=wakeups,
            session=await stack.enter_async_context(client_session()),
            directory=Directory(),
            api_token=settings.api_token,
            app_token=settings.app_token,
        )
        contexts = [_context(app, settings.resources, secrets, shared) for app in settings.apps]
        sidecars = [Sidecar(context) for context in contexts]
        for sidecar in sidecars:
            await sidecar.listen(settings.host)
        _stop_on_signals(contexts)
        log.info(
            "The sidecar serves %s.", ", ".join(f"{app.name} on {app.http_port}" for app in settings.apps)
        )
        chores = [asyncio.create_task(chore) for chore in _chores(shared)]
        await asyncio.gather(*(sidecar.run() for sidecar in sidecars))
        for chore in chores:
            chore.cancel()


def _context(app: App, resources: Resources, secrets: Mapping[str, SecretStore], shared: Shared) -> Context:
    own = resources.for_app(app.id)
    channel = AppChannel(
        shared.session, app.address, token=shared.app_token, max_concurrency=app.max_concurrency
    )
    health = AppHealth(channel, name=app.name, port=app.port, path=app.health_path)
    shared.directory.add(Endpoint(app, health))
    return Context(
        app=app,
        resources=own,
        secrets={name: store for name, store in secrets.items() if own.component("secretstores", name)},
        health=health,
        channel=channel,
        shared=shared,
    )


def _retention_seconds(resources: Resources) -> float:
    """The longest `retention` of the pub/sub components: all of them lead to one broker.

    Raises:
        InvalidResource
    """
    longest = 0.0
    for component in resources.components:
        if component.block == "pubsub":
            try:
                retention = parse_duration(component.settings.get("retention", DEFAULT_RETENTION))
            except ValueError as error:
                raise InvalidResource(f"Component '{component.name}': retention: {error}.") from error
            longest = max(longest, retention.total_seconds())
    return longest


def _stop_on_signals(contexts: Iterable[Context]) -> None:
    def stop() -> None:
        for context in contexts:
            context.stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)


def _chores(shared: Shared) -> list[Coroutine[None, None, None]]:
    return [
        _every(RENEW_SECONDS, shared.broker.leases.renew),
        _every(RENEW_SECONDS, shared.jobs.leases.renew),
        _every(TIDY_SECONDS, shared.broker.tidy),
        _every(TIDY_SECONDS, lambda: sweep(shared.store)),
        _every(WATCH_SECONDS, _notify_of_changes(shared)),
    ]


def _notify_of_changes(shared: Shared) -> Chore:
    """Wake all workers when the file has changed: another process may have added work for them."""
    seen = 0

    async def check() -> None:
        nonlocal seen
        version = await shared.store.version()
        if version != seen:
            seen = version
            shared.wakeups.notify_all()

    return check


async def _every(seconds: float, chore: Chore) -> None:
    while True:
        try:
            await chore()
        except sqlite3.Error:
            log.exception("Cannot read or write the state file; trying again.")
        await asyncio.sleep(seconds)
