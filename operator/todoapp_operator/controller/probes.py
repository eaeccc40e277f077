"""What the kubelet and Prometheus ask over HTTP.

Kopf's own health endpoint serves one path only, and these three belong on one port.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from todoapp_operator.resource.user_error import UserError

__all__ = ["Readiness", "serving_probes"]


class Readiness:
    """Ready to work, or to take over work: a replica that stands by is ready too."""

    def __init__(self) -> None:
        self.missing: set[str] = set()
        """What the active replica waits for, as in `the caches`."""

    def wait_for(self, part: str) -> None:
        self.missing.add(part)

    def arrived(self, part: str) -> None:
        self.missing.discard(part)


@asynccontextmanager
async def serving_probes(port: int, readiness: Readiness) -> AsyncIterator[None]:
    """Serve `/healthz`, `/readyz` and `/metrics` until the end of the block.

    Raises:
        UserError: the port is taken.
    """
    app = web.Application()
    app.router.add_get("/healthz", _alive)
    app.router.add_get("/readyz", partial(_ready, readiness))
    app.router.add_get("/metrics", _metrics)
    # A connection that stays open would hold up the end of the process.
    runner = web.AppRunner(app, access_log=None, keepalive_timeout=0, shutdown_timeout=1)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, port=port).start()
        except OSError as error:
            raise UserError(f"Port {port} is taken; choose another with --port.") from error
        yield
    finally:
        await runner.cleanup()


async def _alive(_: web.Request) -> web.Response:
    return web.Response(text="ok\n")


async def _ready(readiness: Readiness, _: web.Request) -> web.Response:
    if readiness.missing:
        return web.Response(text=f"waiting for {' and '.join(sorted(readiness.missing))}\n", status=503)
    return web.Response(text="ok\n")


async def _metrics(_: web.Request) -> web.Response:
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})
