"""How this process learns of changes: its own from the outbox, those of all processes from the broker."""

from collections.abc import Sequence
from uuid import UUID

import orjson
from fastapi import APIRouter, FastAPI

from todoapp.features.accounts.credentials import Credentials
from todoapp.messaging.cloudevents import Received
from todoapp.messaging.event import DataChanged
from todoapp.messaging.feed import changes_since
from todoapp.messaging.outbox import UserChanges
from todoapp.processes.api.hub import Hub, Told
from todoapp.processes.runtime import Runtime

__all__ = ["UPDATES_PATH", "follow_changes", "updates_router"]

UPDATES_PATH = "/events/task-updates"
PAGE = 100
"""Changes that are in memory for a client that reads slowly"""
ENDING = {("session", "deleted"), ("token", "deleted"), ("user", "deleted"), ("user", "updated")}
"""Changes with which a credential may end; a user is updated when the account is disabled."""


def follow_changes(api: FastAPI, runtime: Runtime) -> None:
    """Give the `api` a hub, at `api.state.hub`, and let the changes that it commits reach it."""

    async def read(user_id: UUID, since: int) -> list[Told]:
        async with runtime.database.read() as session:
            changes = await changes_since(session, user_id, since, limit=PAGE)
        return [
            Told(
                each.seq,
                each.entity,
                orjson.dumps({"type": "change", **each.model_dump(mode="json")}).decode(),
            )
            for each in changes
        ]

    most = runtime.settings.sockets_per_user
    hub = api.state.hub = Hub(runtime.metrics.websocket_clients, read, most=most)

    def committed(changes: UserChanges) -> None:
        for change in changes.announced:
            _heed(change, api.state.credentials)
        hub.tell(changes.user_id, changes.seq)

    runtime.outbox.on_commit.append(committed)


def updates_router(api: FastAPI) -> APIRouter:
    """Where the sidecar tells of the changes that all processes commit, for the hub of the `api`.

    Each replica subscribes in a consumer group of its own, so there is nothing to do once only.
    """
    runtime: Runtime = api.state.runtime
    hub: Hub = api.state.hub

    async def data_changed(events: Sequence[Received]) -> None:
        for received in events:
            _heed(received.event, api.state.credentials)
        hub.tell(events[0].event.user_id, max(each.envelope.userseq for each in events))

    return runtime.consumer(actor="system").router({UPDATES_PATH: ([DataChanged], data_changed)})


def _heed(change: DataChanged, credentials: Credentials) -> None:
    if (change.entity, change.action) in ENDING:
        credentials.invalidate()
