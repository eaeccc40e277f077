"""The operator's process: wait for its turn, then work until it is told to end."""

import asyncio
import gc
import os
import secrets
import signal
import socket
from collections.abc import Callable
from contextlib import suppress

import uvloop

from todoapp_operator.controller.controller import Controller
from todoapp_operator.controller.leader import Leadership, LeadershipLost, Times
from todoapp_operator.controller.logs import log_json_lines
from todoapp_operator.controller.probes import Readiness, serving_probes
from todoapp_operator.controller.watched import Watched
from todoapp_operator.kube.client import Client
from todoapp_operator.render.identity import MANAGER
from todoapp_operator.resource.user_error import UserError

__all__ = ["operate"]

_OBJECTS_BETWEEN_COLLECTIONS = 10_000


def operate(
    port: int, namespace: str, watched: Watched, resync_seconds: float, lease_seconds: int, log_level: str
) -> None:
    """Keep every TodoApp of a cluster as its resource says, until SIGTERM.

    Args:
        port: of `/healthz`, `/readyz` and `/metrics`.
        namespace: where the Lease is by which replicas take turns.
        watched: what of the cluster is looked at, and nothing else.
        resync_seconds: between full resyncs: each reconciles every TodoApp.
        lease_seconds: after how long without a sign of the active replica another one takes over.

    Raises:
        UserError: nothing says where the API server is, the port is taken, or another replica is active now.
    """
    log_json_lines(log_level)
    # Parsing makes many short-lived objects without cycles, so looking for cycles is rarely worth it.
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    gc.freeze()
    try:
        with suppress(asyncio.CancelledError), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_operate(port, namespace, watched, resync_seconds, Times(lease_seconds)))
    except* LeadershipLost as lost:
        reasons = "; ".join(map(str, lost.exceptions))
    else:
        return
    raise UserError(f"This replica is no longer the active one: {reasons}.")


async def _operate(port: int, namespace: str, watched: Watched, resync_seconds: float, times: Times) -> None:
    """
    Raises:
        CancelledError: the process is told to end.
    """
    main = asyncio.current_task()
    assert main  # noqa: S101 - a coroutine always runs in a task
    _on_signal(main.cancel)
    readiness = Readiness()
    async with Client.connected(MANAGER) as client, serving_probes(port, readiness):
        leadership = Leadership(client, namespace, _identity(), times)
        await leadership.acquire()
        try:
            await _work(client, leadership, readiness, watched, resync_seconds, namespace, end=main.cancel)
        finally:
            await leadership.release()


async def _work(
    client: Client,
    leadership: Leadership,
    readiness: Readiness,
    watched: Watched,
    resync_seconds: float,
    namespace: str,
    end: Callable[[], object],
) -> None:
    """Be the active replica. Any task that fails ends the process, which is then started again."""
    async with asyncio.TaskGroup() as tasks:
        controller = Controller(client, tasks, readiness, watched, resync_seconds, namespace)
        tasks.create_task(_keep(leadership, controller))

        def halt_and_end() -> None:
            controller.halt()
            end()

        await controller.prepare()
        await controller.work(on_start=lambda: _on_signal(halt_and_end))


async def _keep(leadership: Leadership, controller: Controller) -> None:
    try:
        await leadership.keep()
    except LeadershipLost:
        # Nothing may be written any more, however long everything else takes to end.
        controller.halt()
        raise


def _on_signal(act: Callable[[], object]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, act)


def _identity() -> str:
    """As the Lease names this process; another one of the same pod has another."""
    return f"{os.environ.get('POD_NAME') or socket.gethostname()}_{secrets.token_hex(4)}"
