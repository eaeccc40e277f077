"""The process that hears what happened to tasks: it logs that and lets repeating tasks go on."""

from collections.abc import Sequence

from fastapi import FastAPI

from todoapp.features.activity import service as activity
from todoapp.features.tasks import occurrences
from todoapp.features.tasks.events import EVENTS, TaskCompleted, TaskSkipped
from todoapp.features.webhooks import deliveries as webhooks
from todoapp.kit.telemetry import bind
from todoapp.messaging.cloudevents import Received
from todoapp.messaging.outbox import UserChanges
from todoapp.messaging.subscriptions import DELIVERY_LIMIT
from todoapp.processes.runtime import Runtime, inner_app

__all__ = ["create_recurrence"]

PATH = "/events/task-events"


def create_recurrence(runtime: Runtime) -> FastAPI:
    app = inner_app(runtime, body_limits={PATH: DELIVERY_LIMIT})
    consumer = runtime.consumer(actor="recurrence")
    app.include_router(consumer.router({PATH: (EVENTS, consumer.once(tasks_changed))}))
    return app


async def tasks_changed(events: Sequence[Received], changes: UserChanges) -> None:
    """Write task events of a user to the activity log, have them sent to webhooks, let repeating tasks go on.

    The next occurrence of a task and the log of its completion are committed both or neither.
    """
    await activity.log(changes, events)
    envelopes = [each.envelope for each in events]
    await webhooks.queue(changes, envelopes)
    for received in events:
        if isinstance(received.event, TaskCompleted | TaskSkipped) and received.event.task.get("recurrence"):
            bind(task_id=received.event.task_id)
            with changes.caused_by(received.envelope):
                await occurrences.create_next_occurrence(changes, received.event.task_id)
