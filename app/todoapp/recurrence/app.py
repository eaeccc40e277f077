"""The process that hears what happened to tasks: it logs that and lets repeating tasks go on."""

from fastapi import FastAPI

from todoapp.activity import service as activity
from todoapp.messaging.cloudevents import CloudEvent
from todoapp.messaging.outbox import UserChanges
from todoapp.process import Runtime, base_app
from todoapp.tasks import occurrences
from todoapp.tasks.events import (
    TaskCompleted,
    TaskCreated,
    TaskDeleted,
    TaskEvent,
    TaskReopened,
    TaskSkipped,
    TaskUpdated,
)
from todoapp.telemetry import bind
from todoapp.webhooks import deliveries as webhooks

__all__ = ["create_recurrence"]


def create_recurrence(runtime: Runtime) -> FastAPI:
    app = base_app(
        runtime,
        title="TodoApp recurrence",
        description="Creates next occurrences and writes the activity log.",
    )
    consumer = runtime.consumer(actor="recurrence")
    changed, finished = consumer.once(task_changed), consumer.once(task_finished)
    app.include_router(
        consumer.router(
            {
                "/events/task-finished": {TaskCompleted: finished, TaskSkipped: finished},
                "/events/task-changed": {
                    TaskCreated: changed,
                    TaskUpdated: changed,
                    TaskReopened: changed,
                    TaskDeleted: changed,
                },
            }
        )
    )
    return app


async def task_changed(event: TaskEvent, envelope: CloudEvent, changes: UserChanges) -> None:
    """Write the event to its owner's activity log, and have it sent to the webhooks that listen."""
    bind(task_id=event.task_id)
    await activity.log(changes, event, event_id=envelope.id, occurred_at=envelope.time)
    await webhooks.queue(changes.session, envelope, now=changes.now)


async def task_finished(event: TaskEvent, envelope: CloudEvent, changes: UserChanges) -> None:
    """Log it as well, and create the next occurrence of a repeating task, both or neither."""
    await task_changed(event, envelope, changes)
    await occurrences.create_next_occurrence(changes, event.task_id)
