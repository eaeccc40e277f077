"""How this process learns of changes: its own from the outbox, those of all processes from the broker."""

from fastapi import FastAPI

from todoapp.api.hub import Hub
from todoapp.messaging.cloudevents import CloudEvent
from todoapp.messaging.event import DataChanged
from todoapp.process import Runtime

__all__ = ["hear_updates"]


def hear_updates(app: FastAPI, runtime: Runtime) -> None:
    """Give `app` a hub, at `app.state.hub`, and let every change reach it.

    Each replica subscribes in a consumer group of its own, so there is nothing to do once only.
    """
    hub = Hub(runtime.metrics.websocket_clients)

    async def data_changed(event: DataChanged, envelope: CloudEvent) -> None:
        hub.tell(event.user_id, envelope.userseq)

    app.state.hub = hub
    runtime.outbox.on_commit.append(lambda changes: hub.tell(changes.user_id, changes.seq))
    consumer = runtime.consumer(actor="system")
    app.include_router(consumer.router({"/events/task-updates": {DataChanged: data_changed}}))
