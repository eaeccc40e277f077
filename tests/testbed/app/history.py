"""A short history of one account with every kind of event."""

import httpx
import pytest

from testbed.app.application import Clock
from testbed.app.deliveries import Deliveries, Envelope
from todoapp.features.reminders.events import EVENTS as REMINDER_EVENTS
from todoapp.features.tasks.events import EVENTS as TASK_EVENTS
from todoapp.processes.notification.sweep import sweep

__all__ = ["history"]

SUBSCRIBED = {event.type for event in (*TASK_EVENTS, *REMINDER_EVENTS)} | {"data.changed"}


@pytest.fixture
async def history(client: httpx.AsyncClient, clock: Clock, deliveries: Deliveries) -> list[Envelope]:
    """The outbox after at least one event of every type. Nothing is delivered yet."""
    repeating = {
        "title": "Put out the bins",
        "due_at": "2027-03-08T08:00:00Z",
        "recurrence": {"rrule": "FREQ=WEEKLY;BYDAY=MO"},
    }
    done, skipped, reopened = [
        (await client.post("/api/tasks", json=repeating | {"reminders": [{"offset_minutes": 60}]})).json()
        for _ in range(3)
    ]
    await client.post(f"/api/tasks/{done['id']}/complete")
    await client.post(f"/api/tasks/{skipped['id']}/skip-occurrence")
    await client.post(f"/api/tasks/{reopened['id']}/complete")
    await client.post(f"/api/tasks/{reopened['id']}/reopen")
    gone = (await client.post("/api/tasks", json={"title": "Never mind"})).json()
    await client.delete(f"/api/tasks/{gone['id']}")
    await client.post(
        "/api/tasks",
        json={"title": "Right now", "reminders": [{"remind_at": clock.now.isoformat()}]},
    )
    clock.advance(seconds=10)
    await sweep(deliveries.runtimes["notification"])
    history = await deliveries.published()
    assert {each["type"] for each in history} == SUBSCRIBED
    return history
