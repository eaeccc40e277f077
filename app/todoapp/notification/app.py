"""The process that reminds people: jobs wake it in time, and a sweep finds what they missed."""

from fastapi import FastAPI

from todoapp.messaging.cloudevents import CloudEvent
from todoapp.notification.alarms import Alarm, alarm_router, set_alarm
from todoapp.notification.sweep import keep_sweeping
from todoapp.process import Runtime, base_app
from todoapp.reminders.events import ReminderCancelled, ReminderEvent, ReminderScheduled, ReminderTriggered
from todoapp.telemetry import bind

__all__ = ["create_notification"]


def create_notification(runtime: Runtime) -> FastAPI:
    app = base_app(
        runtime,
        title="TodoApp notification",
        description="Lets reminders fire and tells people.",
        jobs=[lambda: keep_sweeping(runtime)],
    )

    async def reminder_changed(event: ReminderEvent, _envelope: CloudEvent) -> None:
        bind(task_id=event.task_id)
        await set_alarm(runtime, Alarm(user_id=event.user_id, reminder_id=event.reminder_id))

    consumer = runtime.consumer(actor="system")
    app.include_router(
        consumer.router(
            {
                "/events/reminder-scheduled": {ReminderScheduled: reminder_changed},
                "/events/reminder-cancelled": {ReminderCancelled: reminder_changed},
                # One that the sweep let fire may have a job left.
                "/events/reminder-triggered": {ReminderTriggered: reminder_changed},
            }
        )
    )
    app.include_router(alarm_router(runtime, consumer))
    return app
