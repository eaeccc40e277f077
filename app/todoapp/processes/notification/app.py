"""The process that jobs wake: when somebody is to be reminded, and when old rows are to go."""

from collections.abc import Sequence
from contextlib import suppress

from fastapi import FastAPI

from todoapp.features.channels.courier import Courier
from todoapp.features.channels.model import REMINDERS, TESTS
from todoapp.features.reminders.events import EVENTS
from todoapp.features.webhooks import deliveries as webhooks
from todoapp.kit.telemetry import current_traceparent
from todoapp.messaging.cloudevents import Received
from todoapp.messaging.outbox import Origin, UnknownUser
from todoapp.messaging.subscriptions import DELIVERY_LIMIT
from todoapp.processes.notification.alarms import alarm_router, set_alarms
from todoapp.processes.notification.channel_sender import ChannelSender
from todoapp.processes.notification.dispatching import Dispatcher, Sender
from todoapp.processes.notification.link_sender import LinkSender
from todoapp.processes.notification.retention import keep_scheduled, retention_router
from todoapp.processes.notification.sweep import keep_sweeping
from todoapp.processes.notification.webhook_sender import WebhookSender
from todoapp.processes.runtime import Runtime, inner_app

__all__ = ["create_notification", "senders"]

PATH = "/events/reminders"


def create_notification(runtime: Runtime) -> FastAPI:
    dispatcher = Dispatcher(runtime, senders(runtime))
    runtime.outbox.on_commit.append(dispatcher.wake)
    app = inner_app(
        runtime,
        jobs=[
            lambda: keep_sweeping(runtime),
            lambda: keep_scheduled(runtime),
            dispatcher.run,
            *([LinkSender(runtime).run] if runtime.sends_links else []),
        ],
        body_limits={PATH: DELIVERY_LIMIT},
    )

    async def reminders_changed(events: Sequence[Received]) -> None:
        user_id = events[0].event.user_id
        envelopes = [each.envelope for each in events]
        origin = Origin("system", runtime.now(), current_traceparent())
        with suppress(UnknownUser):
            async with runtime.outbox.changes(user_id, origin) as changes:
                await webhooks.queue(changes, envelopes)
        dispatcher.wake()
        # Also those that fired: one that the sweep let fire may have a job left.
        await set_alarms(runtime, user_id, {each.event.reminder_id for each in events})

    consumer = runtime.consumer(actor="system")
    app.include_router(consumer.router({PATH: (EVENTS, reminders_changed)}))
    app.include_router(retention_router(runtime, consumer))  # before the route of all other jobs
    app.include_router(alarm_router(runtime, consumer))
    return app


def senders(runtime: Runtime) -> list[Sender]:
    """One for each lane."""
    courier = Courier(allow_private=runtime.settings.allow_private_destinations)
    return [
        ChannelSender(runtime, courier, REMINDERS),
        ChannelSender(runtime, courier, TESTS),
        WebhookSender(runtime),
    ]
