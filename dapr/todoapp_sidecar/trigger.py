"""Running a due job: one call to the app."""

import logging
from urllib.parse import quote

from todoapp_sidecar.channel import AppChannel, AppUnreachable, CallFailed
from todoapp_sidecar.go_json import dumps
from todoapp_sidecar.health import AppHealth
from todoapp_sidecar.jobs import DueJob, Jobs

__all__ = ["trigger"]

log = logging.getLogger(__name__)


async def trigger(job: DueJob, *, jobs: Jobs, channel: AppChannel, health: AppHealth) -> None:
    """Call the app and settle the job: 2xx and 404 are done, the rest is for the failure policy.

    Unlike with Dapr, a job does not use up its tries while nothing listens on the app's port.
    """
    body = dumps(job.request.data) if job.request.data is not None else b""
    try:
        answer = await channel.post(
            f"/job/{quote(job.name, safe=':@')}", body, {"content-type": "application/json"}
        )
    except AppUnreachable:
        health.report_unreachable()
        await jobs.give_back(job)
    except CallFailed as error:
        log.warning("A job failed: %s", error, extra={"job": job.name})
        await jobs.fail(job)
    else:
        if answer.succeeded or answer.status == 404:
            await jobs.finish(job)
        else:
            log.warning("A job failed: the app answered %s.", answer.status, extra={"job": job.name})
            await jobs.fail(job)
    finally:
        jobs.abandon(job)
