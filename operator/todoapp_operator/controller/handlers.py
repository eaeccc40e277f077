"""Kopf: watching the TodoApps, from start-up to clean-up.

Only `on.event` hears of TodoApps. It is told of every state, and unlike Kopf's handlers of changes and its
timers it needs no annotation or finalizer on the TodoApp, where they would disturb any tool that
applies it. docs/adr/0024 has the figures.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import kopf

from todoapp_operator.controller.probes import Readiness
from todoapp_operator.kube.login import log_in
from todoapp_operator.reconcile.ownership import AppKey
from todoapp_operator.reconcile.todoapps import TodoApps
from todoapp_operator.resource.spec import API_VERSION

__all__ = ["Watch", "watch_todoapps"]

logger = logging.getLogger(__name__)

_GROUP, _VERSION = API_VERSION.split("/")
_RESTART_SECONDS = 1
_WATCH = "the watch of TodoApps"

registry = kopf.OperatorRegistry()


@dataclass(frozen=True)
class Watch:
    """Kopf's memo: what the handlers share. Kopf gives each TodoApp a copy that refers to the same parts."""

    todoapps: TodoApps
    on_change: Callable[[AppKey], None]
    readiness: Readiness
    namespaces: tuple[str, ...] = ()
    """Where TodoApps are; all namespaces if empty."""


@kopf.on.startup(registry=registry)
async def start(settings: kopf.OperatorSettings, memo: Any, **_: Any) -> None:
    settings.posting.enabled = False
    settings.scanning.disabled = True
    settings.watching.connect_timeout = 10
    settings.watching.server_timeout = 300
    settings.watching.inactivity_timeout = 90
    settings.watching.chunk_size = 250
    settings.networking.request_timeout = 30
    settings.networking.connect_timeout = 10
    settings.queueing.idle_timeout = 1
    settings.process.ultimate_exiting_timeout = None
    memo.readiness.arrived(_WATCH)


@kopf.on.login(registry=registry)
async def login(**_: Any) -> kopf.ConnectionInfo:
    return log_in()


@kopf.on.event(_GROUP, _VERSION, "todoapps", registry=registry)
async def todoapp_event(event: kopf.RawEvent, memo: Any, **_: Any) -> None:
    if key := memo.todoapps.update(event["type"], event["object"]):
        memo.on_change(key)


@kopf.on.cleanup(registry=registry)
async def stop(memo: Any, **_: Any) -> None:
    memo.readiness.wait_for(_WATCH)


async def watch_todoapps(watch: Watch, on_start: Callable[[], None]) -> None:
    """Keep `watch.todoapps` up to date; never returns.

    Kopf gives up when the API server refuses a watch, as one that is just starting may do; then it is
    started again. Whenever it starts it takes the signals of the process: `on_start` may take them back.
    """
    while True:
        existing_tasks = asyncio.all_tasks()
        tasks = await kopf.spawn_tasks(
            registry=registry,
            memo=watch,
            clusterwide=not watch.namespaces,
            namespaces=watch.namespaces,
            standalone=True,
        )
        on_start()
        try:
            # Kopf ends every task that is younger than itself.
            await kopf.run_tasks(tasks, ignored=existing_tasks)
        except Exception:
            logger.warning("The watch of TodoApps failed; restarting it.", exc_info=True)
        await asyncio.sleep(_RESTART_SECONDS)
