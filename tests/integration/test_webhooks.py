"""Webhooks: which events reach them, how they are signed, and what happens when they do not arrive."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from standardwebhooks import Webhook as Signer

from testbed.app.application import Clock, WarmApp, logged_in
from testbed.app.deliveries import Deliveries
from testbed.app.outgoing import Outgoing
from testbed.sidecar.recording_app import Answer, Call, RecordingApp
from todoapp.features.webhooks.model import Webhook

Json = dict[str, Any]


@pytest.fixture
async def owner(sending_app: WarmApp) -> AsyncIterator[httpx.AsyncClient]:
    """A user of an installation that allows private addresses."""
    async with logged_in(sending_app.app) as owner:
        yield owner


async def listen(owner: httpx.AsyncClient, receiver: RecordingApp, *types: str) -> Json:
    """Add a webhook that leads to the receiver."""
    webhook = {"url": f"http://127.0.0.1:{receiver.port}/hook", "event_types": types}
    answer = await owner.post("/api/webhooks", json=webhook)
    assert answer.status_code == 201, answer.text
    added: Json = answer.json()
    return added


async def add_task(owner: httpx.AsyncClient, deliveries: Deliveries, title: str = "Pay the rent") -> Json:
    task: Json = (await owner.post("/api/tasks", json={"title": title})).json()
    await deliveries.settle()
    return task


async def log_of(owner: httpx.AsyncClient, webhook: Json, **parameters: str) -> list[Json]:
    answer = await owner.get(f"/api/webhooks/{webhook['id']}/deliveries", params=parameters)
    items: list[Json] = answer.json()["items"]
    return items


def is_signed_by(secret: str, call: Call) -> bool:
    at = datetime.fromtimestamp(int(call.headers["webhook-timestamp"]), UTC)
    expected = Signer(secret).sign(call.headers["webhook-id"], at, call.body.decode())
    return expected in call.headers["webhook-signature"].split(" ")


async def test_an_event_is_posted_once_signed_and_unchanged(
    owner: httpx.AsyncClient, deliveries: Deliveries, outgoing: Outgoing, receiver: RecordingApp, clock: Clock
) -> None:
    webhook = await listen(owner, receiver, "task.created")
    task = await add_task(owner, deliveries)

    attempts = [await outgoing.send_due() for _ in range(2)]

    [call] = receiver.calls("/hook")
    assert attempts == [1, 0]
    assert call.headers["content-type"] == "application/cloudevents+json"
    assert (call.json["type"], call.json["subject"]) == ("task.created", task["id"])
    assert call.headers["webhook-id"] == call.json["id"]
    assert call.headers["webhook-timestamp"] == str(int(clock.now.timestamp()))
    assert is_signed_by(webhook["secret"], call)
    [published] = [each for each in await deliveries.published() if each["type"] == "task.created"]
    assert call.json == {name: value for name, value in published.items() if name != "topic"}


async def test_only_the_chosen_types_are_sent(
    owner: httpx.AsyncClient, deliveries: Deliveries, outgoing: Outgoing, receiver: RecordingApp
) -> None:
    await listen(owner, receiver, "task.deleted", "task.completed")
    task = await add_task(owner, deliveries)
    await owner.post(f"/api/tasks/{task['id']}/complete")
    await owner.delete(f"/api/tasks/{task['id']}")
    await deliveries.settle()

    await outgoing.send_due()

    assert [call.json["type"] for call in receiver.calls("/hook")] == ["task.completed", "task.deleted"]


async def test_a_redelivered_event_is_queued_once(
    owner: httpx.AsyncClient, deliveries: Deliveries, outgoing: Outgoing, receiver: RecordingApp
) -> None:
    await listen(owner, receiver, "task.created", "reminder.scheduled")
    reminder = {"remind_at": "2027-03-04T09:00:00Z"}
    await owner.post("/api/tasks", json={"title": "Call home", "reminders": [reminder]})

    for envelope in await deliveries.published() * 2:
        if envelope["type"] in {"task.created", "reminder.scheduled"}:
            await deliveries.deliver(envelope)
    await outgoing.send_due()

    assert sorted(call.json["type"] for call in receiver.calls("/hook")) == [
        "reminder.scheduled",
        "task.created",
    ]


async def test_a_failing_delivery_is_retried_for_a_day(
    owner: httpx.AsyncClient, deliveries: Deliveries, outgoing: Outgoing, receiver: RecordingApp, clock: Clock
) -> None:
    receiver.answer("/hook", Answer(500))
    webhook = await listen(owner, receiver, "task.created")
    await add_task(owner, deliveries)

    began = clock.now
    await outgoing.send_due()
    while next_attempt := (await log_of(owner, webhook))[0]["next_attempt_at"]:
        clock.now = datetime.fromisoformat(next_attempt)
        await outgoing.send_due()
    [entry] = await log_of(owner, webhook)

    assert (entry["status"], entry["attempts"], entry["last_status"]) == ("failed", 8, 500)
    assert 24 <= (clock.now - began).total_seconds() / 3600 <= 27
    assert len({call.headers["webhook-id"] for call in receiver.calls("/hook")}) == 1
    assert len({call.headers["webhook-timestamp"] for call in receiver.calls("/hook")}) == 8


async def test_events_wait_for_one_another_at_one_receiver(
    owner: httpx.AsyncClient, deliveries: Deliveries, outgoing: Outgoing, receiver: RecordingApp
) -> None:
    await listen(owner, receiver, "task.created")
    titles = [f"Task {number}" for number in range(12)]
    for title in titles:
        await add_task(owner, deliveries, title)

    assert await outgoing.send_due() == 12

    assert [call.json["data"]["task"]["title"] for call in receiver.calls("/hook")] == titles


async def test_the_log_is_filtered_and_an_entry_is_redelivered(
    owner: httpx.AsyncClient, deliveries: Deliveries, outgoing: Outgoing, receiver: RecordingApp, clock: Clock
) -> None:
    receiver.answer("/hook", Answer(200), Answer(404), Answer(204))
    webhook = await listen(owner, receiver, "task.created")
    await add_task(owner, deliveries, "first")
    await outgoing.send_due()
    clock.advance(minutes=1)
    await add_task(owner, deliveries, "second")
    await outgoing.send_due()

    [waiting] = await log_of(owner, webhook, status="pending")
    path = f"/api/webhooks/{webhook['id']}/deliveries/{waiting['id']}/redeliver"
    answer = await owner.post(path)
    await outgoing.send_due()

    assert (waiting["last_status"], waiting["last_error"]) == (
        404,
        "The receiver answered with HTTP status 404.",
    )
    assert (answer.status_code, answer.json()["attempts"], answer.json()["status"]) == (202, 0, "pending")
    newest, oldest = await log_of(owner, webhook, status="delivered")
    assert (newest["id"], newest["last_status"], oldest["last_status"]) == (waiting["id"], 204, 200)
    assert await log_of(owner, webhook, status="failed") == []
    first, second, again = receiver.calls("/hook")
    assert second.headers["webhook-id"] == again.headers["webhook-id"] != first.headers["webhook-id"]


async def test_after_a_rotation_both_secrets_sign_for_a_day(
    owner: httpx.AsyncClient, deliveries: Deliveries, outgoing: Outgoing, receiver: RecordingApp, clock: Clock
) -> None:
    webhook = await listen(owner, receiver, "task.created")
    rotated = (await owner.post(f"/api/webhooks/{webhook['id']}/rotate-secret")).json()

    for _ in range(2):
        await add_task(owner, deliveries)
        await outgoing.send_due()
        clock.advance(days=1)

    secrets = (webhook["secret"], rotated["secret"])
    first, second = receiver.calls("/hook")
    assert [is_signed_by(secret, first) for secret in secrets] == [True, True]
    assert [is_signed_by(secret, second) for secret in secrets] == [False, True]


async def test_the_secret_is_shown_only_when_it_is_made(
    owner: httpx.AsyncClient, receiver: RecordingApp
) -> None:
    webhook = await listen(owner, receiver, "task.created")
    rotated = (await owner.post(f"/api/webhooks/{webhook['id']}/rotate-secret")).json()

    shown = [
        (await owner.get(path)).text
        for path in ("/api/webhooks", f"/api/webhooks/{webhook['id']}", "/api/sync?since=0")
    ]

    for secret in (webhook["secret"], rotated["secret"]):
        assert secret.startswith("whsec_")
        assert secret not in "".join(shown)


async def test_a_receiver_that_is_gone_is_sent_nothing_more(
    owner: httpx.AsyncClient, deliveries: Deliveries, outgoing: Outgoing, receiver: RecordingApp, clock: Clock
) -> None:
    receiver.answer("/hook", Answer(410))
    webhook = await listen(owner, receiver, "task.created")
    for title in ("first", "second"):
        await add_task(owner, deliveries, title)
    await outgoing.send_due()
    await add_task(owner, deliveries, "third")
    await outgoing.send_due()

    assert not (await owner.get(f"/api/webhooks/{webhook['id']}")).json()["enabled"]
    assert len(receiver.calls("/hook")) == 1
    assert [(each["status"], each["last_error"]) for each in await log_of(owner, webhook)] == [
        ("failed", "The webhook is switched off."),
        ("failed", "The receiver answered with HTTP status 410."),
    ]


async def test_redirects_are_not_followed(
    owner: httpx.AsyncClient, deliveries: Deliveries, outgoing: Outgoing, receiver: RecordingApp
) -> None:
    receiver.answer("/hook", Answer(307, headers={"location": "/other"}))
    webhook = await listen(owner, receiver, "task.created")
    await add_task(owner, deliveries)

    await outgoing.send_due()

    assert receiver.calls("/other") == []
    assert (await log_of(owner, webhook))[0]["last_status"] == 307


async def test_an_installation_that_allows_no_private_addresses_reaches_none(
    owner: httpx.AsyncClient, deliveries: Deliveries, receiver: RecordingApp
) -> None:
    careful = Outgoing.of(deliveries.runtimes["notification"])
    webhook = await listen(owner, receiver, "task.created")
    await add_task(owner, deliveries)

    await careful.send_due()

    [entry] = await log_of(owner, webhook)
    assert entry["last_error"] == "It leads to a private address, which this installation does not allow."
    assert receiver.calls("/hook") == []


async def test_a_receiver_that_does_not_listen_cannot_be_reached(
    owner: httpx.AsyncClient, deliveries: Deliveries, outgoing: Outgoing
) -> None:
    hook = {"url": "http://127.0.0.1:1/hook", "event_types": ["task.created"]}
    webhook = (await owner.post("/api/webhooks", json=hook)).json()
    await add_task(owner, deliveries)

    await outgoing.send_due()

    [entry] = await log_of(owner, webhook)
    assert (entry["last_status"], entry["last_error"]) == (None, "The receiver could not be reached.")


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "https://",
        "https://user:password@example.com/",
        "https://example.com/#top",
        "https://exa mple.com/",
        "https://[example.com/",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://ex\u00e4mple.com/",
        "ftp://example.com/",
    ],
)
async def test_an_unusable_webhook_url_is_refused(
    client_on_one_database: httpx.AsyncClient, url: str
) -> None:
    answer = await client_on_one_database.post(
        "/api/webhooks", json={"url": url, "event_types": ["task.created"]}
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-webhook-url")
    assert answer.json()["errors"][0]["pointer"] == "/url"


async def test_a_webhook_is_changed_and_switched_off_and_on(
    owner: httpx.AsyncClient, deliveries: Deliveries, outgoing: Outgoing, receiver: RecordingApp
) -> None:
    webhook = await listen(owner, receiver, "task.created")
    path = f"/api/webhooks/{webhook['id']}"

    off = await owner.patch(path, json={"enabled": False})
    await add_task(owner, deliveries, "unheard")
    on = await owner.patch(path, json={"enabled": True, "url": f"http://localhost:{receiver.port}/new"})
    same = await owner.patch(path, json={"enabled": True})
    await add_task(owner, deliveries, "heard")
    await outgoing.send_due()

    assert (off.json()["version"], on.json()["version"], same.json()["version"]) == (2, 3, 3)
    assert [call.json["data"]["task"]["title"] for call in receiver.calls("/new")] == ["heard"]
    assert receiver.calls("/hook") == []


async def test_deleting_a_webhook_deletes_its_log(
    owner: httpx.AsyncClient, deliveries: Deliveries, outgoing: Outgoing, receiver: RecordingApp
) -> None:
    webhook = await listen(owner, receiver, "task.created")
    await add_task(owner, deliveries)

    answer = await owner.delete(f"/api/webhooks/{webhook['id']}")

    assert (answer.status_code, await outgoing.send_due()) == (204, 0)
    assert (await owner.get(f"/api/webhooks/{webhook['id']}/deliveries")).status_code == 404


async def test_an_unknown_delivery_is_not_delivered_again(
    owner: httpx.AsyncClient, receiver: RecordingApp
) -> None:
    webhook = await listen(owner, receiver, "task.created")

    answer = await owner.post(f"/api/webhooks/{webhook['id']}/deliveries/{webhook['id']}/redeliver")

    assert (answer.status_code, answer.json()["code"]) == (404, "webhook-delivery-not-found")


async def test_twenty_webhooks_are_the_most(owner: httpx.AsyncClient, receiver: RecordingApp) -> None:
    for _ in range(20):
        await listen(owner, receiver, "task.created")

    hook = {"url": f"http://127.0.0.1:{receiver.port}/hook", "event_types": ["task.created"]}
    answer = await owner.post("/api/webhooks", json=hook)

    assert (answer.status_code, answer.json()["code"]) == (409, "quota-exceeded")


async def test_finished_deliveries_are_kept_for_a_month(
    owner: httpx.AsyncClient, deliveries: Deliveries, outgoing: Outgoing, receiver: RecordingApp, clock: Clock
) -> None:
    receiver.answer("/hook", Answer(200), Answer(500))
    webhook = await listen(owner, receiver, "task.created")
    await add_task(owner, deliveries, "taken")
    await add_task(owner, deliveries, "waiting")
    await outgoing.send_due()

    clock.advance(days=31)
    await deliveries.retain("webhook-deliveries")

    assert [each["status"] for each in await log_of(owner, webhook)] == ["pending"]


async def test_webhook_sealed_under_another_secret_needs_a_rotation(
    owner: httpx.AsyncClient, deliveries: Deliveries, outgoing: Outgoing, receiver: RecordingApp
) -> None:
    webhook = await listen(owner, receiver, "task.created")
    async with outgoing.runtime.database.write() as session:
        (await session.scalars(select(Webhook))).one().sealed_secret = "from another installation"
    await add_task(owner, deliveries)

    await outgoing.send_due()

    [delivery] = await log_of(owner, webhook)
    assert delivery["last_error"] == "The webhook's secret cannot be read any more; rotate it."
    assert receiver.calls("/hook") == []
