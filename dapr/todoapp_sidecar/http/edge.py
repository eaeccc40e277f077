"""What all routes share: the context, the token, the trace, bodies, and errors as answers."""

import hmac
import logging
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from todoapp_sidecar import trace
from todoapp_sidecar.context import Context
from todoapp_sidecar.errors import ApiError
from todoapp_sidecar.go_json import dumps

__all__ = [
    "CONTEXT",
    "MAX_BODY",
    "check_token",
    "context",
    "error_answers",
    "json_answer",
    "metadata",
    "show_trace",
    "start_trace",
    "traceparent",
]

CONTEXT = web.AppKey("context", Context)
MAX_BODY = 4 * 1024 * 1024

_OPEN = {"/v1.0/healthz", "/v1.0/healthz/outbound"}
"""Answered without a token, so that a supervisor needs none, and without a trace."""

log = logging.getLogger(__name__)


def context(request: web.Request) -> Context:
    return request.app[CONTEXT]


def traceparent(request: web.Request) -> str:
    """The span of this request, empty without a trace."""
    span: str = request["traceparent"]
    return span


def metadata(request: web.Request) -> dict[str, str]:
    """The `metadata.<name>` parameters of the query, without their prefix."""
    return {
        name.removeprefix("metadata."): value
        for name, value in request.query.items()
        if name.startswith("metadata.")
    }


def json_answer(value: Any, *, status: int = 200) -> web.Response:
    return web.Response(body=dumps(value, sort_keys=False), status=status, content_type="application/json")


@web.middleware
async def error_answers(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ApiError as error:
        return json_answer(error.body(), status=error.status)
    except web.HTTPException:
        raise
    except Exception:
        log.exception("A call failed.", extra={"method": request.method, "path": request.path})
        return json_answer(
            ApiError(500, "ERR_INTERNAL", "the sidecar failed; its log says why").body(), status=500
        )


@web.middleware
async def start_trace(request: web.Request, handler: Handler) -> web.StreamResponse:
    enabled = context(request).resources.traces
    request["traceparent"] = trace.of_request(request.headers.get("traceparent", ""), enabled=enabled)
    return await handler(request)


async def show_trace(request: web.Request, response: web.StreamResponse) -> None:
    """Tell the caller its span, and give back what travels beside it."""
    if request.path in _OPEN or "traceparent" not in request:
        return
    response.headers["Traceparent"] = traceparent(request) or trace.NO_TRACE
    for name in ("Tracestate", "Baggage"):
        if name in request.headers:
            response.headers[name] = request.headers[name]


@web.middleware
async def check_token(request: web.Request, handler: Handler) -> web.StreamResponse:
    expected = context(request).shared.api_token
    given = request.headers.get("dapr-api-token", "").encode(errors="surrogateescape")
    if expected and request.path not in _OPEN and not hmac.compare_digest(given, expected.encode()):
        return web.Response(
            text="invalid api token\n", status=401, headers={"X-Content-Type-Options": "nosniff"}
        )
    return await handler(request)
