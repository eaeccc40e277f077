"""How this process learns of changes: its own from the outbox, those of all processes from the broker."""

from fastapi import FastAPI

from todoapp.accounts.credentials import Credentials
from todoapp.api.hub import Hub
from todoapp.messaging.cloudevents import CloudEvent
from todoapp.messaging.event import DataChanged
from todoapp.messaging.outbox import UserChanges
from todoapp.process import Runtime

__all__ = ["hear_updates"]

CREDENTIALS = {"session", "token", "user"}
"""Entities with whose end a credential ends."""


def hear_updates(app: FastAPI, runtime: Runtime, credentials: Credentials) -> None:
    """Give `app` a hub, at `app.state.hub`, and let every change reach it and what depends on it.

    Each replica subscribes in a consumer group of its own, so there is nothing to do once only.
    """
    hub = Hub(runtime.metrics.websocket_clients)

    def heed(change: DataChanged) -> None:
        if change.action == "deleted" and change.entity in CREDENTIALS:
            credentials.forget()

    def committed(changes: UserChanges) -> None:
        for change in changes.announced:
            heed(change)
        hub.tell(changes.user_id, changes.seq)

    async def data_changed(event: DataChanged, envelope: CloudEvent) -> None:
        heed(event)
        hub.tell(event.user_id, envelope.userseq)

    app.state.hub = hub
    runtime.outbox.on_commit.append(committed)
    consumer = runtime.consumer(actor="system")
    app.include_router(consumer.router({"/events/task-updates": {DataChanged: data_changed}}))
