"""The process that jobs wake: when somebody is to be reminded, and when old rows are to go."""

from fastapi import FastAPI

from todoapp.messaging.cloudevents import CloudEvent
from todoapp.notification.alarms import Alarm, alarm_router, set_alarm
from todoapp.notification.channel_sender import ChannelSender
from todoapp.notification.dispatching import Dispatcher
from todoapp.notification.retention import keep_scheduled, retention_router
from todoapp.notification.sweep import keep_sweeping
from todoapp.notification.webhook_sender import WebhookSender
from todoapp.process import Runtime, base_app
from todoapp.reminders.events import ReminderCancelled, ReminderEvent, ReminderScheduled, ReminderTriggered
from todoapp.telemetry import bind
from todoapp.webhooks import deliveries as webhooks

__all__ = ["create_notification"]


def create_notification(runtime: Runtime) -> FastAPI:
    dispatcher = Dispatcher(runtime, [ChannelSender(runtime), WebhookSender(runtime)])
    runtime.outbox.on_commit.append(dispatcher.wake)
    app = base_app(
        runtime,
        title="TodoApp notification",
        description="Lets reminders fire, tells people, and deletes what is kept no longer.",
        jobs=[lambda: keep_sweeping(runtime), lambda: keep_scheduled(runtime), dispatcher.run],
    )

    async def reminder_changed(event: ReminderEvent, envelope: CloudEvent) -> None:
        bind(task_id=event.task_id)
        async with runtime.database.write() as session:
            await webhooks.queue(session, envelope, now=runtime.now())
        dispatcher.wake()
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
    app.include_router(retention_router(runtime, consumer))  # before the route of all other jobs
    app.include_router(alarm_router(runtime, consumer))
    return app
