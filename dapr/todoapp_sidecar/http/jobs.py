"""Jobs, under the stable path and the alpha path that clients of older Dapr use."""

from typing import Any

from aiohttp import web
from pydantic import ValidationError

from todoapp_sidecar.errors import ApiError, error_info
from todoapp_sidecar.go_json import loads
from todoapp_sidecar.http.edge import context, json_answer
from todoapp_sidecar.job_request import JobRequest
from todoapp_sidecar.jobs import JobExists
from todoapp_sidecar.model import complaint
from todoapp_sidecar.schedule import InvalidSchedule

__all__ = ["routes"]

_PATH = "/v1.0/jobs/{name}"
_ALPHA_PATH = "/v1.0-alpha1/jobs/{name}"
_SCHEDULE_JOB = "DAPR_SCHEDULER_SCHEDULE_JOB"

routes = web.RouteTableDef()


@routes.post(_PATH)
@routes.post(_ALPHA_PATH)
async def schedule(request: web.Request) -> web.Response:
    """Schedule a job; on return it is on disk."""
    job = await _job_request(request)
    app, name = context(request).app, request.match_info["name"]
    if job.name is not None:
        raise _error(
            request, 400, "DAPR_SCHEDULER_JOB_NAME", "Set the job name in the url only", namespace=False
        )
    if job.schedule is None and job.due_time is None:
        raise _error(request, 400, "DAPR_SCHEDULER_SCHEDULE_EMPTY", "Schedule is empty")
    full_name = f"app||{app.namespace}||{app.id}||{name}"
    try:
        _check_name(name, full_name)
        await context(request).shared.jobs.schedule(app.id, name, job)
    except InvalidSchedule as error:
        raise _unscheduled(request, 500, "Unknown", f"job failed validation: {error}") from error
    except InvalidJobName as error:
        raise _unscheduled(request, 500, "Unknown", str(error)) from error
    except JobExists as error:
        raise _unscheduled(request, 409, "AlreadyExists", f"job already exists: '{full_name}'") from error
    return web.Response(status=204)


@routes.get(_PATH)
@routes.get(_ALPHA_PATH)
async def get(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    job = await context(request).shared.jobs.find(context(request).app.id, name)
    if job is None:
        sentence = f"failed to get job due to: rpc error: code = NotFound desc = job not found: {name}"
        raise _error(request, 500, "DAPR_SCHEDULER_GET_JOB", sentence)
    return json_answer({"name": name} | _as_told(job))


@routes.delete(_PATH)
@routes.delete(_ALPHA_PATH)
async def delete(request: web.Request) -> web.Response:
    await context(request).shared.jobs.delete(context(request).app.id, request.match_info["name"])
    return web.Response(status=204)


class InvalidJobName(ValueError):
    """The name has a character that Dapr's scheduler keeps for itself."""


def _check_name(name: str, full_name: str) -> None:
    if set(name) & set("/\\#?"):
        raise InvalidJobName(f"job name is invalid \"{full_name}\": must not contain '/', '\\', '#' or '?'")


async def _job_request(request: web.Request) -> JobRequest:
    try:
        return JobRequest.model_validate(loads(await request.read()))
    except ValidationError as error:
        reason = complaint(error)
    except ValueError as error:
        reason = str(error)
    raise ApiError(400, "ERR_MALFORMED_REQUEST", f"failed deserializing HTTP body: {reason}")


def _as_told(job: JobRequest) -> dict[str, Any]:
    told = job.model_dump(by_alias=True, exclude_none=True)
    if job.data is not None:
        told["data"] = {"@type": "type.googleapis.com/google.protobuf.Value", "value": job.data}
    return told


def _unscheduled(request: web.Request, status: int, code: str, reason: str) -> ApiError:
    sentence = f"failed to schedule job due to: rpc error: code = {code} desc = {reason}"
    return _error(request, status, _SCHEDULE_JOB, sentence)


def _error(
    request: web.Request, status: int, code: str, sentence: str, *, namespace: bool = True
) -> ApiError:
    app = context(request).app
    metadata = {"appID": app.id} | ({"namespace": app.namespace} if namespace else {})
    return ApiError(status, code, sentence, (error_info(code, metadata),))
