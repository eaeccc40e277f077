"""One app instance's sidecar: its API, its subscriptions and its jobs."""

import asyncio
from typing import Any

from aiohttp import web

from todoapp_sidecar.active_subscriptions import active_subscriptions
from todoapp_sidecar.channel import AppUnreachable
from todoapp_sidecar.context import Context
from todoapp_sidecar.http.api import api
from todoapp_sidecar.worker import Worker
from todoapp_sidecar.workers import job_worker, subscription_worker

__all__ = ["Sidecar"]

GRACE_SECONDS = 2.0
"""For events and jobs under way when the sidecar stops; what takes longer is delivered again."""
CLOSING_SECONDS = 1.0
"""For callers under way, after that."""


class Sidecar:
    """Serves one app instance."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._working: set[asyncio.Task[None]] = set()
        self._runner = web.AppRunner(api(context), access_log=None, shutdown_timeout=CLOSING_SECONDS)

    async def listen(self, host: str) -> None:
        """Open the API's port.

        Raises:
            OSError: the port is taken.
        """
        await self._runner.setup()
        await web.TCPSite(self._runner, host, self._context.app.http_port).start()

    async def run(self) -> None:
        """Work for the app whenever it is up, until the context says to stop; then close the port."""
        health = self._context.health
        watching = asyncio.create_task(health.watch())
        try:
            while await self._wait_for(health.up):
                workers = await self._start_workers()
                await self._wait_for(health.down)
                for worker in workers:
                    worker.stop()
            if self._working:
                await asyncio.wait(self._working, timeout=GRACE_SECONDS)
        finally:
            for task in (watching, *self._working):
                task.cancel()
            await self._runner.cleanup()

    async def _wait_for(self, event: asyncio.Event) -> bool:
        """Wait for `event` or for the stop; False when it is the stop."""
        waits = [asyncio.create_task(awaited.wait()) for awaited in (event, self._context.stopping)]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        return not self._context.stopping.is_set()

    async def _start_workers(self) -> list[Worker[Any]]:
        """Read the subscriptions again, as the app may be of another version now, and start working."""
        context = self._context
        try:
            context.subscriptions = await active_subscriptions(context)
        except AppUnreachable:
            context.health.report_unreachable()
            return []
        workers: list[Worker[Any]] = [
            job_worker(context),
            *[await subscription_worker(subscription, context) for subscription in context.subscriptions],
        ]
        for worker in workers:
            task = asyncio.create_task(worker.run())
            self._working.add(task)
            task.add_done_callback(self._working.discard)
        context.ready = True
        return workers
