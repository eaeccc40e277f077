"""Firing reminders whose job did not: it was lost or refused, or the scheduler is away."""

import asyncio
import logging
from datetime import timedelta

from todoapp.features.reminders import service as reminders
from todoapp.kit.outage import is_outage
from todoapp.kit.telemetry import Trace, work
from todoapp.processes.notification.firing import fire
from todoapp.processes.runtime import Runtime

__all__ = ["keep_sweeping", "sweep"]

logger = logging.getLogger(__name__)

GRACE = timedelta(seconds=2)
"""A job that works is faster than this."""
BATCH = 1000


async def keep_sweeping(runtime: Runtime) -> None:
    """Sweep until cancelled, at the pace of the settings."""
    while True:
        try:
            await sweep(runtime)
        except Exception as error:
            if not is_outage(error):
                raise
            logger.warning("Sweep skipped: the database does not answer")
        await asyncio.sleep(runtime.settings.sweep_seconds)


async def sweep(runtime: Runtime) -> None:
    """Let overdue reminders fire. Needs no sidecar; replicas may sweep at the same time."""
    async with runtime.database.read() as session:
        overdue = await reminders.overdue(session, before=runtime.now() - GRACE, limit=BATCH)
    for user_id, reminder_id in overdue:
        try:
            with work(Trace.child_of(None)):
                await fire(runtime, user_id, reminder_id)
        except Exception as error:
            if is_outage(error):
                raise
            # One that cannot fire must not keep the others from firing.
            logger.exception("Reminder did not fire", extra={"reminder_id": reminder_id})
