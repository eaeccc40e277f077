"""The jobs of all apps: each runs when it is due, never twice at a time, and survives restarts.

Ticks missed while the sidecar or the app was down are all run later, one after the other, as with Dapr.
"""

import sqlite3
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from todoapp_sidecar.job_request import JobRequest
from todoapp_sidecar.leases import LEASE_SECONDS, Leases
from todoapp_sidecar.schedule import InvalidSchedule
from todoapp_sidecar.store import Store
from todoapp_sidecar.wakeups import Wakeups
from todoapp_sidecar.worker import Supply

__all__ = ["DueJob", "JobExists", "Jobs", "job_wakeup"]


class JobExists(Exception):
    """A job of that name is scheduled already, and the call did not say to overwrite it."""


@dataclass(frozen=True, slots=True)
class DueJob:
    """A job to run now, leased; instants are in seconds since the epoch.

    `ticks` counts the runs before this one, `attempts` the failed tries of this one.
    """

    app_id: str
    name: str
    token: str
    request: JobRequest
    tick_at: float
    ticks: int
    attempts: int
    expires_at: float | None


def job_wakeup(app_id: str) -> str:
    """The name that is notified when the jobs of an app have changed."""
    return f"job {app_id}"


class Jobs:
    """The jobs of one state file; any number of processes may share it."""

    def __init__(self, store: Store, wakeups: Wakeups) -> None:
        self._store = store
        self._wakeups = wakeups
        self.leases = Leases(store, table="job", key=("app_id", "name"))

    async def schedule(self, app_id: str, name: str, request: JobRequest) -> None:
        """Add a job, or replace it if `request` says so; on return it is on disk.

        Raises:
            InvalidSchedule
            JobExists
        """
        now = datetime.now(UTC)
        tick = request.check().first_tick(now)
        if tick is None:
            raise InvalidSchedule("the schedule has no next occurrence")
        expiry = request.expiry(now)
        row = {
            "app": app_id,
            "name": name,
            "request": request.model_dump_json(by_alias=True, exclude_none=True),
            "tick": tick.timestamp(),
            "expires": expiry.timestamp() if expiry else None,
        }
        await self._store.write(lambda connection: _insert(connection, row, overwrite=request.overwrite))
        self._wakeups.notify([job_wakeup(app_id)])

    async def find(self, app_id: str, name: str) -> JobRequest | None:
        row = await self._store.read(
            lambda connection: connection.execute(
                "SELECT request FROM job WHERE app_id = ? AND name = ?", (app_id, name)
            ).fetchone()
        )
        return JobRequest.model_validate_json(row[0]) if row else None

    async def delete(self, app_id: str, name: str) -> None:
        """Forget a job, if there is one; a run under way is left to finish."""
        await self._store.write(
            lambda connection: connection.execute(
                "DELETE FROM job WHERE app_id = ? AND name = ?", (app_id, name)
            )
        )

    async def claim(self, app_id: str, limit: int) -> Supply[DueJob]:
        """Lease up to `limit` jobs of an app that are due."""
        token = uuid.uuid4().hex
        due, again_at = await self._store.write(
            lambda connection: _claim(connection, app_id, token, limit), durable=False
        )
        self.leases.hold([(app_id, job.name) for job in due], token)
        return due, again_at

    async def finish(self, job: DueJob) -> None:
        """The tick is done: plan the next one, or delete the job if there is none."""
        expiry = datetime.fromtimestamp(job.expires_at, UTC) if job.expires_at is not None else None
        next_tick = job.request.tick_after(
            datetime.fromtimestamp(job.tick_at, UTC), ticks=job.ticks + 1, expiry=expiry
        )
        if next_tick is None:
            await self._settle(job, None)
        else:
            tick_at = next_tick.timestamp()
            await self._settle(job, _Progress(tick_at, job.ticks + 1, attempts=0, due_at=tick_at))

    async def fail(self, job: DueJob) -> None:
        """The app failed: try again later, as the job's failure policy says."""
        delay = job.request.retry_delay(job.attempts + 1)
        if delay is None:
            await self.finish(job)
        else:
            await self._settle(job, _Progress(job.tick_at, job.ticks, job.attempts + 1, time.time() + delay))

    async def give_back(self, job: DueJob) -> None:
        """The app never got the call: the job stays due, and the try does not count."""
        await self._settle(job, _Progress(job.tick_at, job.ticks, job.attempts, job.tick_at))

    def abandon(self, job: DueJob) -> None:
        """Let the lease of a job that was not settled run out."""
        self.leases.release((job.app_id, job.name), job.token)

    async def _settle(self, job: DueJob, progress: "_Progress | None") -> None:
        self.abandon(job)
        await self._store.write(lambda connection: _settle(connection, job, progress), durable=False)
        self._wakeups.notify([job_wakeup(job.app_id)])


@dataclass(frozen=True, slots=True)
class _Progress:
    """Where a job that goes on stands after a run."""

    tick_at: float
    ticks: int
    attempts: int
    due_at: float


def _insert(connection: sqlite3.Connection, row: dict[str, object], *, overwrite: bool) -> None:
    if overwrite:
        connection.execute("DELETE FROM job WHERE app_id = :app AND name = :name", row)
    added = connection.execute(
        """INSERT INTO job (app_id, name, request, tick_at, expires_at, due_at)
           VALUES (:app, :name, :request, :tick, :expires, :tick) ON CONFLICT DO NOTHING""",
        row,
    )
    if added.rowcount == 0:
        raise JobExists(row["name"])


def _claim(connection: sqlite3.Connection, app_id: str, token: str, limit: int) -> Supply[DueJob]:
    now = time.time()
    leased = connection.execute(
        """UPDATE job SET token = :token, due_at = :until
           WHERE app_id = :app AND name IN (
               SELECT name FROM job WHERE app_id = :app AND due_at <= :now ORDER BY due_at LIMIT :limit)
           RETURNING name, request, tick_at, ticks, attempts, expires_at""",
        {"token": token, "until": now + LEASE_SECONDS, "app": app_id, "now": now, "limit": limit},
    ).fetchall()
    if not leased:
        [due_at] = connection.execute("SELECT min(due_at) FROM job WHERE app_id = ?", (app_id,)).fetchone()
        return (), due_at
    due = [
        DueJob(app_id, name, token, JobRequest.model_validate_json(request), *progress)
        for name, request, *progress in leased
    ]
    return due, None


def _settle(connection: sqlite3.Connection, job: DueJob, progress: _Progress | None) -> None:
    mine = (job.app_id, job.name, job.token)
    if progress is None:
        connection.execute("DELETE FROM job WHERE app_id = ? AND name = ? AND token = ?", mine)
    else:
        connection.execute(
            """UPDATE job SET tick_at = ?, ticks = ?, attempts = ?, due_at = ?, token = NULL
               WHERE app_id = ? AND name = ? AND token = ?""",
            (progress.tick_at, progress.ticks, progress.attempts, progress.due_at, *mine),
        )
