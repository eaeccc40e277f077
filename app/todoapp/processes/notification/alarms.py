"""Dapr jobs that wake us when a reminder is due. The row decides when it fires, the job is only an alarm."""

import asyncio
import logging
from collections.abc import Collection
from datetime import timedelta
from http import HTTPStatus
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ValidationError

from todoapp.features.reminders import service as reminders
from todoapp.features.reminders.model import Reminder, ReminderStatus
from todoapp.messaging.subscriptions import Consumer
from todoapp.processes.notification.firing import fire
from todoapp.processes.runtime import Runtime

__all__ = ["alarm_router", "set_alarms"]

logger = logging.getLogger(__name__)

CALLS_AT_ONCE = 8
EARLY = timedelta(seconds=2)
"""By how much the clocks of two machines may differ."""


class Alarm(BaseModel):
    """What a job carries."""

    user_id: UUID
    reminder_id: UUID


async def set_alarms(runtime: Runtime, user_id: UUID, reminder_ids: Collection[UUID]) -> None:
    """Give the jobs of a user's reminders the instants that their rows have by now, or take jobs away.

    The result depends on the rows alone and not on the event, so calls may be repeated and come in
    any order. So the events that lead here need no inbox. It could not help: a call to the sidecar
    does not roll back with a transaction.

    Raises:
        SidecarError: the reminders will fire by the sweep, if nobody calls again.
    """
    async with runtime.database.read() as session:
        known = await reminders.find_all(session, user_id, reminder_ids)
    turn = asyncio.Semaphore(CALLS_AT_ONCE)

    async def set_alarm(reminder_id: UUID) -> None:
        reminder = known.get(reminder_id)
        async with turn:
            await _set_alarm(runtime, Alarm(user_id=user_id, reminder_id=reminder_id), reminder)

    await asyncio.gather(*map(set_alarm, reminder_ids))


async def _set_alarm(runtime: Runtime, alarm: Alarm, reminder: Reminder | None) -> None:
    name = f"reminder-{alarm.reminder_id}"
    if reminder is not None and reminder.status == ReminderStatus.SCHEDULED:
        await runtime.sidecar.schedule_job(name, due=reminder.due_at, data=alarm.model_dump(mode="json"))
    else:
        await runtime.sidecar.delete_job(name)


async def ring(runtime: Runtime, alarm: Alarm) -> None:
    """Fire the reminder of a job; if it was moved to a later time, set its alarm again.

    Raises:
        SidecarError: the reminder will fire by the sweep.
    """
    reminder = await fire(runtime, alarm.user_id, alarm.reminder_id)
    if reminder is None or reminder.status != ReminderStatus.SCHEDULED:
        return
    early = reminder.due_at - runtime.now()
    if early > EARLY:
        await set_alarms(runtime, alarm.user_id, [alarm.reminder_id])
        return
    await asyncio.sleep(early.total_seconds())
    await fire(runtime, alarm.user_id, alarm.reminder_id)


def alarm_router(runtime: Runtime, consumer: Consumer) -> APIRouter:
    """The route that the sidecar calls when a job is due. It repeats the call until the answer is 2xx."""
    router = consumer.guarded_router()

    @router.post("/job/{name}")
    async def job_due(request: Request, name: str) -> Response:
        try:
            alarm = Alarm.model_validate_json(await request.body())
        except ValidationError:
            # Answered as done: the body would be the same at the next call.
            logger.warning("Ignoring unknown job", extra={"job": name})
        else:
            await ring(runtime, alarm)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    return router
