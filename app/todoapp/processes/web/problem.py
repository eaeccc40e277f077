"""Refusals as HTTP answers: problem details of RFC 9457, the framework's own included."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.routing import Match

from todoapp.kit.errors import (
    Conflict,
    DomainError,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    Stale,
    TooManyRequests,
    Unauthorized,
    Unavailable,
    Violation,
)
from todoapp.kit.telemetry import current_request_id
from todoapp.processes.web.validation import MOST_LISTED, violations

__all__ = ["MEDIA_TYPE", "Problem", "answer_problems", "problem_of", "problem_response", "refuse"]

MEDIA_TYPE = "application/problem+json"
PAGES = "https://todoapp.dev/problems"
RETRY_SECONDS = 1

STATUS: dict[type[DomainError], HTTPStatus] = {
    Unauthorized: HTTPStatus.UNAUTHORIZED,
    Forbidden: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    Gone: HTTPStatus.GONE,
    Stale: HTTPStatus.PRECONDITION_FAILED,
    Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    TooManyRequests: HTTPStatus.TOO_MANY_REQUESTS,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}


FRAMEWORK_CODES = {
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "body-too-large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "unsupported-media-type",
}


class ProblemPart(BaseModel):
    """One part of the request that breaks a rule."""

    pointer: str = Field(
        description="JSON pointer into the body, or `#/query/…`, `#/path/…`, `#/header/…` for the rest",
        examples=["/title", "#/query/limit"],
    )
    detail: str


class Problem(BaseModel):
    """Why a request was refused (RFC 9457)."""

    type: str = Field(description="page that explains the problem", examples=[f"{PAGES}/task-not-found"])
    title: str = Field(description="what the status means")
    status: int
    detail: str = Field(description="what was wrong, for a person to act on")
    code: str = Field(description="the same for programs; never changes", examples=["task-not-found"])
    errors: list[ProblemPart] = Field(description="the first 20; `detail` counts them if there are more")
    request_id: str | None = Field(description="names the request in the logs")


def problem_of(error: DomainError) -> Problem:
    return _problem(_status_of(error), error.code, str(error), error.errors)


def problem_response(
    status: HTTPStatus,
    code: str,
    detail: str,
    *,
    errors: Sequence[Violation] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    problem = _problem(status, code, detail, errors)
    return Response(problem.model_dump_json(), status, headers, media_type=MEDIA_TYPE)


def _problem(status: HTTPStatus, code: str, detail: str, errors: Sequence[Violation]) -> Problem:
    if len(errors) > MOST_LISTED:
        detail = f"{detail} The first {MOST_LISTED} of {len(errors)} problems are listed."
    return Problem(
        type=f"{PAGES}/{code}",
        title=status.phrase,
        status=status,
        detail=detail,
        code=code,
        errors=[ProblemPart(pointer=each.pointer, detail=each.detail) for each in errors[:MOST_LISTED]],
        request_id=current_request_id(),
    )


def _status_of(error: DomainError) -> HTTPStatus:
    return next(status for kind, status in STATUS.items() if isinstance(error, kind))


def answer_problems(app: FastAPI) -> None:
    """Have `app` answer every refusal with a problem; the middleware answers unexpected errors."""
    app.add_exception_handler(DomainError, _refused)
    app.add_exception_handler(HTTPException, _refused_by_framework)
    app.add_exception_handler(RequestValidationError, _not_valid)


def refuse(request: Request, error: DomainError) -> Response:
    status = _status_of(error)
    headers = {}
    if status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = _challenge(request)
    if error.retry_after is not None:
        headers["Retry-After"] = str(round(error.retry_after.total_seconds()))
    elif status is HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(RETRY_SECONDS)
    return problem_response(status, error.code, str(error), errors=error.errors, headers=headers)


async def _refused(request: Request, error: Any) -> Response:
    return refuse(request, error)


def _challenge(request: Request) -> str:
    """What RFC 6750 §3.1 asks for: the error is named only to those who showed a token."""
    return 'Bearer error="invalid_token"' if "authorization" in request.headers else "Bearer"


async def _refused_by_framework(request: Request, error: Any) -> Response:
    status = HTTPStatus(error.status_code)
    match status:
        case HTTPStatus.NOT_FOUND:
            return problem_response(status, "unknown-path", f"There is nothing at {request.url.path}.")
        case HTTPStatus.METHOD_NOT_ALLOWED:
            allowed = ", ".join(_allowed_methods(request))
            detail = f"{request.url.path} does not answer to {request.method}; it answers to {allowed}."
            return problem_response(status, "method-not-allowed", detail, headers={"Allow": allowed})
        case HTTPStatus.BAD_REQUEST:
            detail = "The body cannot be read as JSON; send JSON in UTF-8."
            return problem_response(status, "malformed-body", detail)
        case _:
            code = FRAMEWORK_CODES.get(status, "refused")
            return problem_response(status, code, error.detail, headers=error.headers)


def _allowed_methods(request: Request) -> list[str]:
    """All methods of the path: the framework's own answer stops at the first route that fits it."""
    methods: set[str] = set()
    for route in iter_route_contexts(request.app.routes):
        match, _ = route.original_route.matches(request.scope)
        if match is not Match.NONE:
            methods.update(route.methods or ())
    return sorted(methods)


async def _not_valid(request: Request, error: Any) -> Response:
    errors = error.errors()
    first = errors[0]
    if first["type"] == "json_invalid":
        detail = f"The body is not valid JSON: {first['ctx']['error']} at character {first['loc'][-1]}."
        return problem_response(HTTPStatus.BAD_REQUEST, "malformed-body", detail)
    found = violations(errors[:MOST_LISTED], route=request.scope["route"], body=error.body)
    detail = f"{found[0].pointer or 'The body'}: {found[0].detail}"
    if len(errors) > 1:
        detail = f"{len(errors)} parts of the request are invalid. The first is {detail}"
    if len(errors) > MOST_LISTED:
        detail = f"{detail} The first {MOST_LISTED} are listed."
    return problem_response(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", detail, errors=found)
