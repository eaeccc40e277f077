"""Channels: whom a reminder reaches beside the application, and that their URLs stay secret."""

import logging
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from testbed.app.application import Clock
from testbed.app.deliveries import Deliveries
from testbed.app.outgoing import Outgoing
from testbed.sidecar.recording_app import Answer, RecordingApp
from todoapp.features.channels.model import Channel
from todoapp.kit.database import col
from todoapp.messaging.outbox import OutboxEvent
from todoapp.processes.notification.sweep import sweep

Json = dict[str, Any]

SECRET = "hunter2hunter2"


def url_of(receiver: RecordingApp, path: str = "/hook") -> str:
    """A channel's URL that leads to the receiver, with a password in it."""
    return f"json://ada:{SECRET}@127.0.0.1:{receiver.port}{path}"


async def add_channel(client: httpx.AsyncClient, url: str, *, name: str = "My phone") -> Json:
    answer = await client.post("/api/channels", json={"name": name, "url": url})
    assert answer.status_code == 201, answer.text
    added: Json = answer.json()
    return added


async def remind(client: httpx.AsyncClient, clock: Clock, outgoing: Outgoing) -> None:
    """Let a reminder fire, which nobody has sent anywhere yet."""
    reminder = {"remind_at": clock.now.isoformat()}
    await client.post("/api/tasks", json={"title": "Call home", "reminders": [reminder]})
    clock.advance(minutes=1)
    await sweep(outgoing.runtime)


async def deliveries_of_newest(client: httpx.AsyncClient) -> list[Json]:
    found: list[Json] = (await client.get("/api/notifications")).json()["items"][0]["deliveries"]
    return found


async def test_a_reminder_goes_through_every_channel_once(
    client: httpx.AsyncClient, clock: Clock, outgoing: Outgoing, receiver: RecordingApp
) -> None:
    for path in ("/one", "/two"):
        await add_channel(client, url_of(receiver, path), name=path)
    await outgoing.send_due()  # the first channel tells of the second
    await remind(client, clock, outgoing)

    attempts = [await outgoing.send_due() for _ in range(2)]

    assert attempts == [2, 0]
    for path in ("/one", "/two"):
        assert len(receiver.calls(path, mentioning="Call home")) == 1
    assert [
        (each["name"], each["status"], each["attempts"]) for each in await deliveries_of_newest(client)
    ] == [
        ("/one", "delivered", 1),
        ("/two", "delivered", 1),
    ]


async def test_a_dead_channel_is_retried_and_delays_no_other(
    client: httpx.AsyncClient, clock: Clock, outgoing: Outgoing, receiver: RecordingApp
) -> None:
    receiver.answer("/dead", Answer(500), Answer(200))
    await add_channel(client, url_of(receiver, "/alive"))
    await add_channel(client, url_of(receiver, "/dead"))
    await remind(client, clock, outgoing)

    await outgoing.send_due()
    alive, dead = await deliveries_of_newest(client)
    clock.advance(seconds=12)
    await outgoing.send_due()
    _, dead_later = await deliveries_of_newest(client)

    assert (alive["status"], len(receiver.calls("/alive", mentioning="Call home"))) == ("delivered", 1)
    assert (dead["status"], dead["last_error"]) == ("pending", "The service answered with HTTP status 500.")
    assert (dead_later["status"], dead_later["attempts"]) == ("delivered", 2)
    assert dead_later["last_error"] is None


async def test_delivery_to_an_unreachable_channel_finally_fails(
    client: httpx.AsyncClient, clock: Clock, outgoing: Outgoing, receiver: RecordingApp
) -> None:
    receiver.answer("/dead", Answer(500))
    await add_channel(client, url_of(receiver, "/dead"))
    await remind(client, clock, outgoing)

    for _ in range(10):
        await outgoing.send_due()
        clock.advance(hours=3)

    [dead] = await deliveries_of_newest(client)
    assert (dead["status"], dead["attempts"], dead["next_attempt_at"]) == ("failed", 6, None)
    assert len(receiver.calls("/dead")) == 6


async def test_clients_hear_the_result_of_a_delivery(
    client: httpx.AsyncClient, clock: Clock, outgoing: Outgoing, receiver: RecordingApp
) -> None:
    await add_channel(client, url_of(receiver))
    before = (await client.get("/api/sync")).json()["seq"]
    await remind(client, clock, outgoing)
    await outgoing.send_due()

    changes = (await client.get("/api/sync", params={"since": before})).json()["changes"]

    assert [
        each["value"]["deliveries"][0]["status"] for each in changes if each["entity"] == "notification"
    ] == ["pending", "delivered"]


async def test_the_test_button_sends_through_one_channel_once(
    client: httpx.AsyncClient, clock: Clock, outgoing: Outgoing, receiver: RecordingApp
) -> None:
    receiver.answer("/dead", Answer(403))
    await add_channel(client, url_of(receiver, "/other"))
    channel = await add_channel(client, url_of(receiver, "/dead"))

    answer = await client.post(f"/api/channels/{channel['id']}/test")
    for _ in range(2):
        await outgoing.send_due()
        clock.advance(hours=3)

    assert (answer.status_code, answer.json()["deliveries"][0]["status"]) == (202, "pending")
    [delivery] = await deliveries_of_newest(client)
    assert (delivery["status"], delivery["last_error"]) == (
        "failed",
        "The service answered with HTTP status 403.",
    )
    assert (len(receiver.calls("/dead")), len(receiver.calls("/other", mentioning="test"))) == (1, 0)


async def test_channels_reach_no_private_address_unless_allowed(
    client: httpx.AsyncClient, clock: Clock, deliveries: Deliveries, receiver: RecordingApp
) -> None:
    careful = Outgoing.of(deliveries.runtimes["notification"])
    for host in ("127.0.0.1", "localhost", "[::1]"):
        await add_channel(client, f"json://{host}:{receiver.port}/hook")
    await remind(client, clock, careful)

    await careful.send_due()

    assert {each["last_error"] for each in await deliveries_of_newest(client)} == {
        "It leads to a private address, which this installation does not allow."
    }
    assert receiver.calls("/hook") == []


async def test_url_is_stored_only_sealed(
    client: httpx.AsyncClient,
    clock: Clock,
    outgoing: Outgoing,
    receiver: RecordingApp,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    receiver.answer("/hook", Answer(500))
    channel = await add_channel(client, url_of(receiver))
    await remind(client, clock, outgoing)
    await outgoing.send_due()

    answers = [
        await client.get(path)
        for path in (
            "/api/channels",
            f"/api/channels/{channel['id']}",
            "/api/notifications",
            "/api/sync?since=0",
            "/api/me/export",
        )
    ]
    async with outgoing.runtime.database.read() as session:
        sealed = (await session.scalars(select(col(Channel.sealed_url)))).one()
        events = (await session.scalars(select(col(OutboxEvent.event)))).all()

    assert all(answer.is_success for answer in answers)
    assert SECRET not in "".join([*(answer.text for answer in answers), *events, sealed, caplog.text])
    assert outgoing.runtime.seal.open(sealed) == url_of(receiver)


@pytest.mark.parametrize(
    "url",
    [
        "hunter2hunter2",
        "file:///tmp/hunter2hunter2",
        "dbus://hunter2hunter2",
        "syslog://hunter2hunter2",
        "windows://hunter2hunter2",
        "http://[hunter2hunter2",
        "slack://hunter2hunter2",
    ],
)
async def test_an_unusable_channel_url_is_refused_without_repeating_it(
    client_on_one_database: httpx.AsyncClient, url: str
) -> None:
    answer = await client_on_one_database.post("/api/channels", json={"name": "My phone", "url": url})

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-channel-url")
    assert answer.json()["errors"][0]["pointer"] == "/url"
    assert SECRET not in answer.text


async def test_channel_can_get_another_name_and_url(
    client: httpx.AsyncClient, clock: Clock, outgoing: Outgoing, receiver: RecordingApp
) -> None:
    channel = await add_channel(client, url_of(receiver, "/old"))
    path = f"/api/channels/{channel['id']}"

    renamed = await client.patch(path, json={"name": "Office"})
    led = await client.patch(path, json={"url": url_of(receiver, "/new")})
    replaced = await client.put(
        path, json={"name": "Chat", "url": "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7F"}
    )
    again = await client.get(path, headers={"If-None-Match": replaced.headers["ETag"]})

    assert (renamed.json()["name"], renamed.json()["kind"], led.json()["version"]) == ("Office", "webhook", 3)
    assert (replaced.json()["name"], replaced.json()["kind"], again.status_code) == ("Chat", "slack", 304)


async def test_a_stale_change_is_refused(client: httpx.AsyncClient, receiver: RecordingApp) -> None:
    channel = await add_channel(client, url_of(receiver))
    path = f"/api/channels/{channel['id']}"
    await client.patch(path, json={"name": "Office"})

    answer = await client.patch(path, json={"name": "Home"}, headers={"If-Match": '"1"'})

    assert answer.status_code == 412


async def test_nothing_is_sent_through_a_deleted_channel(
    client: httpx.AsyncClient, clock: Clock, outgoing: Outgoing, receiver: RecordingApp
) -> None:
    channel = await add_channel(client, url_of(receiver))
    await remind(client, clock, outgoing)

    answer = await client.delete(f"/api/channels/{channel['id']}")

    assert (answer.status_code, await outgoing.send_due()) == (204, 0)
    assert await deliveries_of_newest(client) == []
    assert (await client.get("/api/channels")).json()["items"] == []


async def test_twenty_channels_are_the_most(client: httpx.AsyncClient, receiver: RecordingApp) -> None:
    for number in range(20):
        await add_channel(client, url_of(receiver), name=str(number))

    answer = await client.post("/api/channels", json={"name": "One more", "url": url_of(receiver)})

    assert (answer.status_code, answer.json()["code"]) == (409, "quota-exceeded")


async def test_channel_sealed_under_another_secret_needs_a_new_url(
    client: httpx.AsyncClient, clock: Clock, outgoing: Outgoing, receiver: RecordingApp
) -> None:
    await add_channel(client, url_of(receiver))
    async with outgoing.runtime.database.write() as session:
        (await session.scalars(select(Channel))).one().sealed_url = "from another installation"
    await remind(client, clock, outgoing)

    await outgoing.send_due()

    [delivery] = await deliveries_of_newest(client)
    assert delivery["last_error"].endswith("give the channel its URL again.")
