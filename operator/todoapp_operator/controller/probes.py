"""What the kubelet and Prometheus ask over HTTP.

Kopf's own health endpoint serves one path only, and these three belong on one port.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from todoapp_operator.resource.user_error import UserError

__all__ = ["Readiness", "serving_probes"]


@dataclass
class Readiness:
    """Ready to work, or to take over work: a replica that stands by is ready too."""

    ready: bool = False


@asynccontextmanager
async def serving_probes(port: int, readiness: Readiness) -> AsyncIterator[None]:
    """Serve `/healthz`, `/readyz` and `/metrics` until the end of the block.

    Raises:
        UserError: the port is taken.
    """
    app = web.Application()
    app.router.add_get("/healthz", _alive)
    app.router.add_get("/readyz", lambda request: _ready(request, readiness))
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


async def _ready(_: web.Request, readiness: Readiness) -> web.Response:
    if readiness.ready:
        return web.Response(text="ok\n")
    return web.Response(text="the caches are being filled\n", status=503)


async def _metrics(_: web.Request) -> web.Response:
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})
