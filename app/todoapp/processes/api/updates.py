"""How this process learns of changes: its own from the outbox, those of all processes from the broker."""

from collections.abc import Sequence

from fastapi import FastAPI

from todoapp.features.accounts.credentials import Credentials
from todoapp.messaging.cloudevents import Received
from todoapp.messaging.event import DataChanged
from todoapp.messaging.outbox import UserChanges
from todoapp.processes.api.hub import Hub
from todoapp.processes.runtime import Runtime

__all__ = ["UPDATES_PATH", "hear_updates"]

UPDATES_PATH = "/events/task-updates"
CREDENTIALS = {"session", "token", "user"}
"""Entities with whose end a credential ends."""


def hear_updates(app: FastAPI, runtime: Runtime, credentials: Credentials) -> None:
    """Give `app` a hub, at `app.state.hub`, and let every change reach it and what depends on it.

    Each replica subscribes in a consumer group of its own, so there is nothing to do once only.
    """
    hub = Hub(runtime.metrics.websocket_clients)

    def heed(change: DataChanged) -> None:
        if change.action == "deleted" and change.entity in CREDENTIALS:
            credentials.invalidate()

    def committed(changes: UserChanges) -> None:
        for change in changes.announced:
            heed(change)
        hub.tell(changes.user_id, changes.seq)

    async def data_changed(events: Sequence[Received]) -> None:
        for received in events:
            heed(received.event)
        hub.tell(events[0].event.user_id, max(each.envelope.userseq for each in events))

    app.state.hub = hub
    runtime.outbox.on_commit.append(committed)
    consumer = runtime.consumer(actor="system")
    app.include_router(consumer.router({UPDATES_PATH: ([DataChanged], data_changed)}))
