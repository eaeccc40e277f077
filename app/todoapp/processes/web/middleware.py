"""Around every request of every process: identity, trace, log line, figures, limits, last resort."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from time import perf_counter

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from todoapp.kit.database import new_id
from todoapp.kit.metrics import Metrics
from todoapp.kit.outage import describe_outage, is_outage
from todoapp.kit.telemetry import Trace, bind, work
from todoapp.processes.web.problem import problem_response

__all__ = ["BodyLimits", "Observed"]

logger = logging.getLogger(__name__)

REQUEST_ID = re.compile(r"[A-Za-z0-9._~+/=:-]{1,128}")
LONGEST_ADDRESS = 16 << 10
"""Characters of path and query; the server itself has no limit, and each route would look at them."""
QUIET_ROUTES = ("/health", "/metrics")


@dataclass(frozen=True)
class BodyLimits:
    """How many bytes the body of a request may have."""

    everywhere: int
    by_path: Mapping[str, int | None] = field(default_factory=dict)
    """Where it differs; None where the route itself limits what it reads."""

    def at(self, path: str) -> int | None:
        return self.by_path.get(path, self.everywhere)


class Observed:
    """The outermost layer.

    A request keeps its `X-Request-Id` when that is harmless and gets a new one otherwise; the
    answer carries it. An unexpected error is logged here and answered without its details.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, body_limits: BodyLimits) -> None:
        self._app = app
        self._metrics = metrics
        self._body_limits = body_limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id = headers.get("x-request-id", "")
        if not REQUEST_ID.fullmatch(request_id):
            request_id = str(new_id())
        with work(Trace.child_of(headers.get("traceparent")), request_id=request_id):
            if scope["type"] == "http":
                await self._answer(scope, receive, send, request_id)
            else:
                await self._app(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        status = 0
        started = perf_counter()
        answer = self._app if _address_length(scope) <= LONGEST_ADDRESS else _refuse_address

        async def identified(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = request_id
            await send(message)

        try:
            await answer(scope, _limited(scope, receive, self._body_limits.at(scope["path"])), identified)
        except ClientDisconnect:
            pass  # nobody is there to be answered
        except Exception as error:
            if status:
                raise
            response = _last_resort(error)
            await response(scope, receive, identified)
        finally:
            self._record(scope, status, perf_counter() - started)

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        # The route rather than the path: a path may hold a secret, and has too many values.
        route = getattr(scope.get("route"), "path_format", "unmatched")
        method = scope["method"] if route != "unmatched" else "any"
        self._metrics.request_seconds.labels(method, route, str(status)).observe(seconds)
        if "task_id" in scope.get("path_params", {}):
            bind(task_id=scope["path_params"]["task_id"])
        logger.log(
            logging.DEBUG if route.startswith(QUIET_ROUTES) else logging.INFO,
            "%s %s %s",
            scope["method"],
            route,
            status or "unanswered",
            extra={"status": status, "duration_ms": round(seconds * 1000, 1)},
        )


def _address_length(scope: Scope) -> int:
    return len(scope["path"]) + len(scope["query_string"])


async def _refuse_address(scope: Scope, receive: Receive, send: Send) -> None:
    detail = f"The address is longer than {LONGEST_ADDRESS} characters; send less in the query."
    response = problem_response(HTTPStatus.REQUEST_URI_TOO_LONG, "address-too-long", detail)
    await response(scope, receive, send)


def _last_resort(error: Exception) -> ASGIApp:
    if is_outage(error):
        logger.error("The database is unavailable", extra={"error": describe_outage(error)})
        detail = "The database does not answer; nothing was changed. Try again in a moment."
        return problem_response(
            HTTPStatus.SERVICE_UNAVAILABLE, "database-away", detail, headers={"Retry-After": "1"}
        )
    logger.error("Request failed", exc_info=error)
    detail = "Internal error; nothing was changed. The logs name the request by its id."
    return problem_response(HTTPStatus.INTERNAL_SERVER_ERROR, "internal-error", detail)


def _limited(scope: Scope, receive: Receive, limit: int | None) -> Receive:
    """Refuse a body above the limit when it is read, by its announced or by its real length.

    FastAPI's own limit answers an announced length with plain text, past all handlers.
    """
    if limit is None:
        return receive
    announced = Headers(scope=scope).get("content-length", "")
    received = int(announced) if announced.isdecimal() else 0
    chunked = not received

    async def limited() -> Message:
        nonlocal received
        message = await receive()
        if chunked:
            received += len(message.get("body", b""))
        if received > limit:
            raise HTTPException(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body may have {limit} bytes at most."
            )
        return message

    return limited
