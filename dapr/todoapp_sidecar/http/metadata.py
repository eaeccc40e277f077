"""Health, metadata and shutdown."""

from typing import Any

from aiohttp import web

from todoapp_sidecar.context import ActiveSubscription, Context
from todoapp_sidecar.errors import ApiError
from todoapp_sidecar.http.edge import context, json_answer
from todoapp_sidecar.resources import Component

__all__ = ["RUNTIME_VERSION", "routes"]

RUNTIME_VERSION = "1.18.3-embedded"
"""The release of Dapr whose answers these are."""

_CAPABILITIES = {"state": ["ETAG", "TRANSACTIONAL", "TTL"]}

routes = web.RouteTableDef()


@routes.get("/v1.0/healthz")
async def healthz(request: web.Request) -> web.Response:
    """Ready once the app has answered and its subscriptions are read; it stays ready if the app goes away."""
    serving = context(request)
    if request.query.get("appid", serving.app.id) != serving.app.id:
        raise ApiError(500, "ERR_HEALTH_APPID_NOT_MATCH", "dapr app-id does not match")
    if not serving.ready:
        raise ApiError(500, "ERR_HEALTH_NOT_READY", "dapr is not ready: [runtime]")
    return web.Response(status=204)


@routes.get("/v1.0/healthz/outbound")
async def outbound(_: web.Request) -> web.Response:
    """Ready for calls from the app as soon as it answers."""
    return web.Response(status=204)


@routes.get("/v1.0/metadata")
async def get_metadata(request: web.Request) -> web.Response:
    serving = context(request)
    return json_answer(
        {
            "id": serving.app.id,
            "runtimeVersion": RUNTIME_VERSION,
            "enabledFeatures": [],
            "components": [_component(component) for component in serving.resources.components],
            "extended": {"daprRuntimeVersion": RUNTIME_VERSION} | serving.labels,
            "subscriptions": [_subscription(subscription) for subscription in serving.subscriptions],
            "appConnectionProperties": _connection(serving),
            "actorRuntime": {
                "runtimeStatus": "DISABLED",
                "hostReady": False,
                "placement": "placement: disconnected",
            },
            "resiliencies": [{"name": resiliency.name} for resiliency in serving.resources.resiliencies],
        }
    )


@routes.put("/v1.0/metadata/{label}")
async def put_metadata(request: web.Request) -> web.Response:
    context(request).labels[request.match_info["label"]] = await request.text()
    return web.Response(status=204)


@routes.post("/v1.0/shutdown")
async def shutdown(request: web.Request) -> web.Response:
    """Stop serving this app instance; the process ends with its last one."""
    context(request).stopping.set()
    return web.Response(status=204)


def _component(component: Component) -> dict[str, Any]:
    entry = {"name": component.name, "type": component.type, "version": component.spec.version}
    capabilities = _CAPABILITIES.get(component.block)
    return entry | ({"capabilities": capabilities} if capabilities else {})


def _subscription(subscription: ActiveSubscription) -> dict[str, Any]:
    spec = subscription.spec
    return {
        "pubsubname": spec.pubsubname,
        "topic": spec.topic,
        **({"metadata": spec.metadata} if spec.metadata else {}),
        "rules": [
            {"match": rule.match, "path": rule.path} if rule.match else {"path": rule.path}
            for rule in spec.rules
        ],
        "deadLetterTopic": spec.dead_letter_topic,
        "type": "DECLARATIVE" if subscription.declared else "PROGRAMMATIC",
    }


def _connection(serving: Context) -> dict[str, Any]:
    limit = serving.app.max_concurrency
    return {
        "port": serving.app.port,
        "protocol": "http",
        "channelAddress": "127.0.0.1",
        **({"maxConcurrency": limit} if limit else {}),
    }
