"""Reminders on the embedded sidecar: events reach the notification process, its jobs wake it in time."""

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from sqlalchemy import select

from testbed.app.application import JWT_SECRET, SEALING_KEY, signed_up, user_id_of
from testbed.app.server import serving
from testbed.ports import free_port
from testbed.sidecar.process import AppInstance, running_sidecar
from testbed.waiting import WAIT_TIMEOUT, eventually
from todoapp.kit.database import Database, col
from todoapp.kit.settings import Settings
from todoapp.messaging.event import Topic
from todoapp.messaging.outbox import OutboxEvent
from todoapp.processes.api.app import create_api
from todoapp.processes.notification.app import create_notification
from todoapp.processes.runtime import Runtime

Json = dict[str, Any]

RESOURCES = [
    Path("dapr/components/embedded/pubsub.yaml"),
    Path("dapr/components/embedded/updates.yaml"),
    Path("dapr/subscriptions"),
    Path("dapr/resiliency.yaml"),
]


@dataclass
class Reminded:
    """A user of an api, the notification process on the same database, and that one's sidecar."""

    database: Database
    user: httpx.AsyncClient
    notification: httpx.AsyncClient
    sidecar: httpx.AsyncClient

    async def add(self, remind_at: datetime) -> Json:
        """Make a task and give its one reminder back."""
        reminder = {"remind_at": remind_at.isoformat()}
        answer = await self.user.post("/api/tasks", json={"title": "Call home", "reminders": [reminder]})
        assert answer.status_code == 201, answer.text
        added: Json = answer.json()["reminders"][0]
        return added

    async def alarm(self, reminder: Json) -> datetime | None:
        """The instant that the reminder's job is due, if there is a job."""
        answer = await self.sidecar.get(f"/v1.0/jobs/reminder-{reminder['id']}")
        return datetime.fromisoformat(answer.json()["dueTime"]) if answer.is_success else None

    async def events(self) -> list[Json]:
        """What was announced of reminders so far."""
        rows = select(col(OutboxEvent.event)).where(col(OutboxEvent.topic) == Topic.REMINDERS)
        async with self.database.read() as session:
            return [orjson.loads(event) for event in await session.scalars(rows)]

    async def told(self) -> list[Json]:
        items: list[Json] = (await self.user.get("/api/notifications")).json()["items"]
        return items


@pytest.fixture
async def reminded(database_url: str, tmp_path: Path) -> AsyncIterator[Reminded]:
    sidecar_port = free_port()
    settings = Settings(
        database_url=database_url,
        jwt_secret=JWT_SECRET,
        sealing_key=SEALING_KEY,
        dapr_http_port=sidecar_port,
        trust_any_sidecar=True,
        sweep_seconds=600,
    )
    api = await Runtime.assemble(settings, "api")
    notification = await Runtime.assemble(settings, "notification")
    async with serving(create_notification(notification)) as server, signed_up(create_api(api)) as user:
        app = AppInstance("notification", server.port, sidecar_port)
        with running_sidecar([app], resources=RESOURCES, state=tmp_path / "sidecar.db"):
            await notification.sidecar.wait_until_ready()
            async with (
                httpx.AsyncClient(base_url=f"http://{server.address}", timeout=WAIT_TIMEOUT) as process,
                httpx.AsyncClient(base_url=app.url, timeout=WAIT_TIMEOUT) as sidecar,
            ):
                yield Reminded(api.database, user, process, sidecar)
    for runtime in (api, notification):
        await runtime.close()


async def test_a_job_brings_a_reminder_to_fire_once(reminded: Reminded) -> None:
    reminder = await reminded.add(datetime.now(UTC) + timedelta(seconds=1.5))

    [notification] = await eventually(reminded.told, what="a notification")

    assert notification["reminder_id"] == reminder["id"]
    assert notification["created_at"] >= reminder["due_at"]
    assert await reminded.told() == [notification]


async def test_a_job_follows_its_reminder(reminded: Reminded) -> None:
    soon, later = (datetime.now(UTC).replace(microsecond=0) + timedelta(days=days) for days in (1, 2))
    reminder = await reminded.add(soon)
    path = f"/api/tasks/{reminder['task_id']}"

    async def alarm_is(expected: datetime | None) -> bool:
        return await reminded.alarm(reminder) == expected

    await eventually(lambda: alarm_is(soon), what="a job at the reminder's instant")
    await reminded.user.put(f"{path}/reminders/{reminder['id']}", json={"remind_at": later.isoformat()})
    await eventually(lambda: alarm_is(later), what="the job moved along")
    await reminded.user.post(f"{path}/complete")
    await eventually(lambda: alarm_is(None), what="no job for a closed task")
    await reminded.user.post(f"{path}/reopen")
    await eventually(lambda: alarm_is(later), what="the job is back")
    await reminded.user.delete(path)
    await eventually(lambda: alarm_is(None), what="no job for a deleted task")


async def test_the_jobs_of_a_deleted_account_go(reminded: Reminded) -> None:
    tomorrow = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    reminder = await reminded.add(tomorrow)

    async def alarm_is(expected: datetime | None) -> bool:
        return await reminded.alarm(reminder) == expected

    await eventually(lambda: alarm_is(tomorrow), what="a job at the reminder's instant")
    assert (await reminded.user.delete("/api/me")).status_code == 204

    await eventually(lambda: alarm_is(None), what="no job for a deleted account")


async def test_reordered_and_repeated_events_leave_the_right_alarm(reminded: Reminded) -> None:
    soon, later = (datetime.now(UTC).replace(microsecond=0) + timedelta(days=days) for days in (1, 2))
    reminder = await reminded.add(soon)
    path = f"/api/tasks/{reminder['task_id']}"
    await reminded.user.post(f"{path}/complete")
    await reminded.user.post(f"{path}/reopen")
    await reminded.user.put(f"{path}/reminders/{reminder['id']}", json={"remind_at": later.isoformat()})

    events = await reminded.events() * 2
    random.Random(7).shuffle(events)
    for event in events:
        answer = await reminded.notification.post("/events/reminders", json=event)
        assert answer.json() == {"status": "SUCCESS"}

    async def has_alarm() -> bool:
        return await reminded.alarm(reminder) == later

    await eventually(has_alarm, what="a job at the reminder's last instant")


async def test_job_that_runs_slightly_early_waits(reminded: Reminded) -> None:
    """The clocks of the scheduler and of this process need not agree."""
    reminder = await reminded.add(datetime.now(UTC) + timedelta(seconds=1.5))

    answer = await reminded.notification.post("/job/early", json=await alarm_of(reminded, reminder))

    assert answer.status_code == 204
    [notification] = await reminded.told()
    assert notification["created_at"] >= reminder["due_at"]


async def test_a_job_from_before_a_move_sets_the_alarm_again(reminded: Reminded) -> None:
    tomorrow = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    reminder = await reminded.add(tomorrow)
    name = f"reminder-{reminder['id']}"

    async def has_alarm() -> bool:
        return await reminded.alarm(reminder) == tomorrow

    await eventually(has_alarm, what="a job at the reminder's instant")
    await reminded.sidecar.delete(f"/v1.0/jobs/{name}")

    answer = await reminded.notification.post(f"/job/{name}", json=await alarm_of(reminded, reminder))

    assert answer.status_code == 204
    assert await reminded.alarm(reminder) == tomorrow
    assert await reminded.told() == []


async def alarm_of(reminded: Reminded, reminder: Json) -> Json:
    return {"user_id": str(await user_id_of(reminded.user)), "reminder_id": reminder["id"]}
