"""Deliveries are attempted by one process at a time, and outlive the process that attempts them."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from testbed.app.application import JWT_SECRET, SEALING_KEY, Clock, WarmApp, logged_in, signed_up
from testbed.app.deliveries import Deliveries
from testbed.app.outgoing import Outgoing
from testbed.app.service_process import running_service
from testbed.sidecar.recording_app import RecordingApp, holding
from testbed.waiting import eventually
from todoapp.features.channels.courier import Courier
from todoapp.features.channels.not_sent import NotSent
from todoapp.features.outgoing.claiming import LEASE, claim_due
from todoapp.features.webhooks.model import WEBHOOKS
from todoapp.processes.api.app import create_api
from todoapp.processes.runtime import Runtime


async def queue(sending_app: WarmApp, deliveries: Deliveries, receiver: RecordingApp, *paths: str) -> None:
    """Have one event wait for each of these paths of the receiver."""
    async with logged_in(sending_app.app) as owner:
        for path in paths:
            url = f"http://127.0.0.1:{receiver.port}{path}"
            await owner.post("/api/webhooks", json={"url": url, "event_types": ["task.created"]})
        await owner.post("/api/tasks", json={"title": "Pay the rent"})
    await deliveries.settle()


async def test_two_dispatchers_at_once_send_everything_once(
    sending_app: WarmApp, outgoing: Outgoing, deliveries: Deliveries, receiver: RecordingApp
) -> None:
    paths = [f"/{number}" for number in range(10)]
    await queue(sending_app, deliveries, receiver, *paths)

    await asyncio.gather(outgoing.send_due(), Outgoing.of(outgoing.runtime).send_due())

    assert [len(receiver.calls(path)) for path in paths] == [1] * 10


async def test_a_slow_receiver_delays_no_other(
    sending_app: WarmApp, outgoing: Outgoing, deliveries: Deliveries, receiver: RecordingApp
) -> None:
    await queue(sending_app, deliveries, receiver, "/slow", "/fast")

    async with asyncio.TaskGroup() as attempts:
        with holding(receiver, "/slow"):
            started = await outgoing.dispatcher.start_due(attempts)
            await asyncio.to_thread(receiver.wait_for, "/fast")
            await asyncio.to_thread(receiver.wait_for, "/slow")

            assert (started, await outgoing.dispatcher.start_due(attempts)) == (2, 0)


async def test_another_process_sends_what_a_dead_one_was_sending(
    sending_app: WarmApp, outgoing: Outgoing, deliveries: Deliveries, receiver: RecordingApp, clock: Clock
) -> None:
    await queue(sending_app, deliveries, receiver, "/hook")
    [claimed] = await claim_due(outgoing.runtime.database, WEBHOOKS, now=clock.now, places=1)

    at_once = await outgoing.send_due()
    clock.now += LEASE
    later = await outgoing.send_due()

    [call] = receiver.calls("/hook")
    assert (at_once, later, call.headers["webhook-id"]) == (0, 1, str(claimed.event_id))


async def test_a_service_that_never_answers_is_left(receiver: RecordingApp) -> None:
    with holding(receiver, "/hook"), pytest.raises(NotSent, match="did not answer within 1 seconds"):
        await Courier(allow_private=True, seconds=1).send(
            f"json://127.0.0.1:{receiver.port}/hook", title="TodoApp", body="Call home"
        )


async def test_the_process_sends_reminders_by_itself(
    deliveries: Deliveries, receiver: RecordingApp, database_url: str, tmp_path: Path
) -> None:
    """Real time here: the process has a clock of its own."""
    settings = deliveries.runtimes["api"].settings
    api = await Runtime.assemble(settings, "api")
    variables = {
        "TODOAPP_DATABASE_URL": database_url,
        "TODOAPP_JWT_SECRET": JWT_SECRET,
        "TODOAPP_SEALING_KEY": SEALING_KEY,
        "TODOAPP_SWEEP_SECONDS": "0.2",
        "TODOAPP_DISPATCH_SECONDS": "0.2",
        "TODOAPP_ALLOW_PRIVATE_DESTINATIONS": "true",
    }
    async with signed_up(create_api(api)) as owner:
        url = f"json://127.0.0.1:{receiver.port}/channel"
        await owner.post("/api/channels", json={"name": "Phone", "url": url})
        reminder = {"remind_at": datetime.now(UTC).isoformat()}
        await owner.post("/api/tasks", json={"title": "Call home", "reminders": [reminder]})
        with running_service("notification", tmp_path, **variables):
            [call] = await asyncio.to_thread(receiver.wait_for, "/channel")

            async def delivered() -> bool:
                notifications = (await owner.get("/api/notifications")).json()["items"]
                [reminded] = (each for each in notifications if each["kind"] == "reminder")
                return bool(reminded["deliveries"][0]["status"] == "delivered")

            await eventually(delivered, what="the delivery is noted")
    await api.close()
    assert call.json["message"] == "Call home"
