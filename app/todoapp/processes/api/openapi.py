"""The API's description of itself: OpenAPI 3.1, with the refusals that each operation can give."""

from http import HTTPStatus
from typing import Any, get_args

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts

from todoapp.processes.api.dependencies import Changes
from todoapp.processes.api.idempotency import KEY
from todoapp.processes.api.links import add_links
from todoapp.processes.web.problem import MEDIA_TYPE, Problem

__all__ = ["DESCRIPTION", "describe"]

DESCRIPTION = """\
Tasks that repeat and remind, for people and their programs.

Log in, then send the access token as `Authorization: Bearer …`, or a personal API token from
`/api/tokens`. Every path also answers under `/api/{user_id}/…` for your own user id.

* **Refusals** are `application/problem+json` (RFC 9457) and say what would be right; `code` is for programs.
* **Versions**: `ETag` is a resource's version. `If-Match` makes a write conditional, `If-None-Match` a read.
* **Repeating a POST** is safe with an `Idempotency-Key`: the first answer comes again.
* **Limits**: `RateLimit` says what is left to you, `429` with `Retry-After` that nothing is.
* **Unknown** fields and parameters are refused, never ignored.
"""

TAGS = [
    {"name": "Accounts", "description": "Sign up, log in, your profile, sessions, API tokens and data."},
    {"name": "Tasks", "description": "What is to be done, once or again and again."},
    {"name": "Tags", "description": "Any number of them sort a task."},
    {"name": "Categories", "description": "At most one of them sorts a task."},
    {"name": "Reminders", "description": "When to be told of a task."},
    {"name": "Notifications", "description": "What you were told."},
    {"name": "Channels", "description": "Where else you are told: e-mail, chat, push services."},
    {"name": "Webhooks", "description": "Your own programs, told of what happens."},
    {"name": "Calendar", "description": "Your tasks in calendar clients."},
    {"name": "Import", "description": "Tasks from elsewhere."},
    {"name": "Activity", "description": "Who changed what, and when."},
    {
        "name": "Sync",
        "description": "Every change of your data, in order; the WebSocket at /api/ws tells them live.",
    },
    {"name": "Operation", "description": "For those who run the service."},
]

IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Makes repeating the request safe: under the same key the first answer comes again.",
    "schema": {"type": "string", "pattern": f"^{KEY.pattern}$"},
}
PROBLEM = {"schema": {"$ref": "#/components/schemas/Problem"}}
BODY_REFUSALS = {
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
}
FRAMEWORK_SCHEMAS = ("HTTPValidationError", "ValidationError")


def describe(app: FastAPI) -> None:
    """Complete the framework's description of `app`, whenever it is asked for."""
    app.openapi_tags = TAGS
    generate = app.openapi
    completed: dict[str, Any] = {}

    def complete() -> dict[str, Any]:
        nonlocal completed
        document = generate()
        # The framework keeps its document, and makes another when routes were added.
        if document is not completed:
            _complete(document, repeatable=_repeatable(app))
            completed = document
        return document

    # The way that FastAPI documents for extending its document.
    app.openapi = complete  # type: ignore[method-assign]


def _repeatable(app: FastAPI) -> set[str]:
    """Paths whose POST keeps its answer for a repetition: it changes data by way of `Changes`."""
    _, keeping = get_args(Changes)
    routes = (context.original_route for context in iter_route_contexts(app.routes))
    return {
        route.path_format
        for route in routes
        if isinstance(route, APIRoute)
        and "POST" in (route.methods or ())
        and _asks_for(keeping.dependency, route.dependant)
    }


def _asks_for(dependency: object, dependant: Dependant) -> bool:
    return any(each.call is dependency or _asks_for(dependency, each) for each in dependant.dependencies)


def _complete(document: dict[str, Any], *, repeatable: set[str]) -> None:
    schemas = document["components"]["schemas"]
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs"), Problem=problem)
    for name in FRAMEWORK_SCHEMAS:
        schemas.pop(name, None)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method == "post" and path in repeatable:
                operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
            _add_responses(operation, _statuses(path, method, operation))
    add_links(document["paths"])


def _add_responses(operation: dict[str, Any], statuses: set[HTTPStatus]) -> None:
    """Declare `statuses`, and fill in the refusals that the route itself declares."""
    responses = operation["responses"]
    declared = {HTTPStatus(int(status)) for status in responses}
    for status in sorted(declared | statuses):
        if status.value >= HTTPStatus.BAD_REQUEST:
            content = {MEDIA_TYPE: PROBLEM}
            responses[str(status.value)] = {"description": status.phrase, "content": content}
        elif status not in declared:
            responses[str(status.value)] = {"description": status.phrase}
    operation["responses"] = dict(sorted(responses.items()))


def _statuses(path: str, method: str, operation: dict[str, Any]) -> set[HTTPStatus]:
    """What an operation can answer beside its own success, by what it takes."""
    takes = {each["name"].lower() for each in operation.get("parameters", []) if each["in"] == "header"}
    found = {HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE}
    if path.startswith("/api/"):
        found |= {HTTPStatus.UNPROCESSABLE_ENTITY}
    if "security" in operation:
        found |= {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS}
    if "{" in path:
        found |= {HTTPStatus.NOT_FOUND}
    if "requestBody" in operation:
        found |= BODY_REFUSALS
    if "idempotency-key" in takes or ("{" in path and method in {"put", "patch"}):
        found |= {HTTPStatus.CONFLICT}
    if "if-match" in takes:
        found |= {HTTPStatus.PRECONDITION_FAILED}
    if "if-none-match" in takes:
        found |= {HTTPStatus.NOT_MODIFIED}
    return found
