"""Kopf: watching the TodoApps, from start-up to shutdown.

Only `on.event` is used. It is told of every state, and unlike Kopf's handlers of changes it needs no
annotation or finalizer on the TodoApp, where they would be in the way of whoever applies it.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import kopf

from todoapp_operator.kube.login import log_in
from todoapp_operator.reconcile.children import AppKey
from todoapp_operator.reconcile.todoapps import TodoApps
from todoapp_operator.resource.spec import API_VERSION

__all__ = ["watch_todoapps"]

logger = logging.getLogger(__name__)

_GROUP, _VERSION = API_VERSION.split("/")
_RESTART_SECONDS = 1


async def watch_todoapps(
    todoapps: TodoApps, on_change: Callable[[AppKey], None], on_start: Callable[[], None]
) -> None:
    """Keep `todoapps` up to date; never returns.

    Kopf gives up when the API server refuses a watch, as one that is just starting may do; then it is
    started anew. Whenever it starts it takes the signals of the process: `on_start` may take them back.
    """
    registry = _registry(todoapps, on_change)
    while True:
        elder = asyncio.all_tasks()
        tasks = await kopf.spawn_tasks(
            registry=registry, settings=_settings(), clusterwide=True, standalone=True
        )
        on_start()
        try:
            # Kopf ends every task that is younger than itself.
            await kopf.run_tasks(tasks, ignored=elder)
        except Exception:
            logger.warning("Watching the TodoApps has failed; it is begun anew.", exc_info=True)
        await asyncio.sleep(_RESTART_SECONDS)


def _registry(todoapps: TodoApps, on_change: Callable[[AppKey], None]) -> kopf.OperatorRegistry:
    registry = kopf.OperatorRegistry()

    @kopf.on.login(registry=registry)
    async def login(**_: Any) -> kopf.ConnectionInfo:
        return log_in()

    @kopf.on.event(_GROUP, _VERSION, "todoapps", registry=registry)
    async def todoapp_event(event: kopf.RawEvent, **_: Any) -> None:
        manifest: Any = event["object"]
        if event["type"] == "DELETED":
            key = todoapps.remove(manifest)
        else:
            record = todoapps.put(manifest)
            key = record.key if record else None
        if key:
            on_change(key)

    return registry


def _settings() -> kopf.OperatorSettings:
    settings = kopf.OperatorSettings()
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
    return settings
