"""What every route of the API does before and after its handler."""

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import ParamTypes
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from todoapp.kit.errors import Invalid, Violation
from todoapp.kit.telemetry import bind
from todoapp.processes.api.idempotency import Replay
from todoapp.processes.web.validation import unknown_name

__all__ = ["Route", "resource_router"]

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class UnknownParameter(Invalid):
    code = "unknown-parameter"

    def __init__(self, names: set[str], valid: set[str]) -> None:
        errors = [
            Violation(f"#/query/{name}", unknown_name(name, valid, kind="query parameter"))
            for name in sorted(names)
        ]
        super().__init__(errors[0].detail, errors=errors)


class Route(APIRoute):
    """Refuses what the handler would ignore, and keeps the built answer for idempotency."""

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()
        # The fields of a model of parameters do not say where they come from: here only queries have one.
        parameters = {
            field.alias
            for field in get_flat_params(self.dependant)
            if getattr(field.field_info, "in_", ParamTypes.query) is ParamTypes.query
        }

        async def answer(request: Request) -> Response:
            if "task_id" in request.path_params:
                bind(task_id=request.path_params["task_id"])
            if unknown := request.query_params.keys() - parameters:
                raise UnknownParameter(unknown, parameters)
            if self.body_field and not _is_json(request):
                raise HTTPException(
                    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                    "Send the body as JSON, with the type application/json.",
                )
            try:
                request.state.response = await handle(request)
            except Replay as replay:
                return replay.response
            response: Response = request.state.response
            return response

        return answer


def _is_json(request: Request) -> bool:
    """Whether a body, if there is one, says that it is JSON."""
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not given:
        return "transfer-encoding" not in request.headers and not int(
            request.headers.get("content-length", 0)
        )
    return given == "application/json" or (given.startswith("application/") and given.endswith("+json"))


def resource_router(prefix: str, tag: str) -> APIRouter:
    """A router for the paths of one resource; `prefix` is whole, like `/api/tasks`."""
    return APIRouter(prefix=prefix, tags=[tag], route_class=Route)
