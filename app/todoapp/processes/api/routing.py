"""What every route of the API does before and after its handler."""

from collections import Counter
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
from todoapp.processes.web.body_shape import check_shape
from todoapp.processes.web.validation import pointer_to, unknown_name

__all__ = ["Route", "resource_router"]

MOST_PARAMETERS = 50
MOST_VALUES = 50
"""of one parameter"""
MOST_IN_ALL = 500
"""values of a query; more are not even parsed"""

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class UnknownParameter(Invalid):
    code = "unknown-parameter"

    def __init__(self, names: set[str], valid: set[str]) -> None:
        errors = [
            Violation(
                pointer_to([name], prefix="#/query"),
                unknown_name(name, valid, kind="query parameter", number=number),
            )
            for number, name in enumerate(sorted(names))
        ]
        super().__init__(errors[0].detail, errors=errors)


class TooManyParameters(Invalid):
    code = "too-many-parameters"

    def __init__(self) -> None:
        super().__init__(
            f"A query may have {MOST_PARAMETERS} parameters, with {MOST_VALUES} values each "
            f"and {MOST_IN_ALL} in all."
        )


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
            _check_query(request)
            if unknown := request.query_params.keys() - parameters:
                raise UnknownParameter(unknown, parameters)
            if self.body_field and not _is_json(request):
                raise HTTPException(
                    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                    "Send the body as JSON, with the type application/json.",
                )
            if self.body_field:
                await _check_body(request)
            try:
                request.state.response = await handle(request)
            except Replay as replay:
                return replay.response
            response: Response = request.state.response
            return response

        return answer


def _check_query(request: Request) -> None:
    """
    Raises:
        TooManyParameters
    """
    in_all = request.scope["query_string"].count(b"&") + 1
    if in_all <= min(MOST_PARAMETERS, MOST_VALUES):
        return
    if in_all > MOST_IN_ALL:
        raise TooManyParameters
    values = Counter(name for name, _ in request.query_params.multi_items())
    if len(values) > MOST_PARAMETERS or max(values.values()) > MOST_VALUES:
        raise TooManyParameters


async def _check_body(request: Request) -> None:
    """
    Raises:
        BodyTooComplex
    """
    try:
        check_shape(await request.body())
    except ValueError as error:
        raise HTTPException(HTTPStatus.BAD_REQUEST) from error


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
