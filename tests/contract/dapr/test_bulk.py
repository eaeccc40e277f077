"""Bulk publish and bulk subscribe."""

import json
from typing import Any

import httpx
import pytest

from testbed.sidecar.recording_app import Answer, Call, RecordingApp
from testbed.waiting import wait_until

PATHS = ["/v1.0/publish/bulk/pubsub", "/v1.0-alpha1/publish/bulk/pubsub"]


def entry(
    entry_id: str, event: Any, content_type: str = "application/json", key: str = "a"
) -> dict[str, Any]:
    return {
        "entryId": entry_id,
        "event": event,
        "contentType": content_type,
        "metadata": {"partitionKey": key},
    }


@pytest.mark.parametrize("path", PATHS)
def test_each_entry_is_an_event(sidecar: httpx.Client, app: RecordingApp, marker: str, path: str) -> None:
    cloud_event = {
        "specversion": "1.0",
        "id": marker,
        "source": "todo/api",
        "type": "todo.created",
        "data": 1,
    }
    answer = sidecar.post(
        f"{path}/plain",
        json=[
            entry("1", {"n": marker}),
            entry("2", f"text {marker}", "text/plain"),
            entry("3", cloud_event, "application/cloudevents+json"),
        ],
    )
    calls = app.wait_for("/on/plain", 3, mentioning=marker)

    assert (answer.status_code, answer.content) == (204, b"")
    by_type = {(call.json.get("datacontenttype"), call.json["type"]): call for call in calls}
    assert by_type["application/json", "com.dapr.event.sent"].json["data"] == {"n": marker}
    assert by_type["text/plain", "com.dapr.event.sent"].json["data"] == f"text {marker}"
    assert by_type[None, "todo.created"].json["id"] == marker
    assert {call.headers["partitionkey"] for call in calls} == {"a"}


@pytest.mark.parametrize("entry_ids", [[""], ["1", "1"]], ids=["empty", "twice the same"])
def test_every_entry_needs_a_unique_id(sidecar: httpx.Client, entry_ids: list[str]) -> None:
    answer = sidecar.post(f"{PATHS[0]}/plain", json=[entry(each, {"n": 1}) for each in entry_ids])

    sentence = (
        "error marshaling events to bytes for topic plain pubsub pubsub."
        " error: entryId is duplicated or not present for entry"
    )
    assert answer.status_code == 400
    assert answer.json() == {
        "errorCode": "ERR_PUBSUB_EVENTS_SER",
        "message": sentence,
        "details": [
            {
                "@type": "type.googleapis.com/google.rpc.ResourceInfo",
                "description": sentence,
                "owner": "",
                "resource_name": "pubsub",
                "resource_type": "pubsub",
            },
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "domain": "dapr.io",
                "metadata": {"appID": "app1", "error": "entryId is duplicated or not present for entry"},
                "reason": "DAPR_PUBSUB_MARSHAL_EVENTS",
            },
        ],
    }


def test_the_body_has_to_be_a_list(sidecar: httpx.Client) -> None:
    answer = sidecar.post(f"{PATHS[0]}/plain", json={"a": 1})

    assert answer.status_code == 400
    refusal = answer.json()
    assert refusal["errorCode"] == "ERR_PUBSUB_EVENTS_SER"
    assert refusal["message"] == (
        "error when unmarshaling the request for topic plain pubsub pubsub:"
        " json: cannot unmarshal object into Go value of type []http.bulkPublishMessageEntry"
    )
    assert refusal["details"][1]["reason"] == "DAPR_PUBSUB_UNMARSHAL_EVENTS"


def test_a_bulk_subscriber_gets_lists(sidecar: httpx.Client, app: RecordingApp, marker: str) -> None:
    app.script("/on/bulk", lambda call: _statuses(call, "SUCCESS"))

    sidecar.post(f"{PATHS[0]}/bulk", json=[entry(str(n), {"n": n, "of": marker}) for n in range(5)])
    wait_until(lambda: len(_entries(app, marker)) == 5, what="five entries came")

    [call, *_] = app.calls("/on/bulk", mentioning=marker)
    assert call.headers["content-type"] == "application/json"
    assert call.headers["pubsubname"] == "pubsub"
    assert call.json["type"] == "com.dapr.event.sent.bulk"
    assert (call.json["topic"], call.json["pubsubname"]) == ("bulk", "pubsub")
    assert call.json["metadata"] == {"pubsubName": "pubsub"}
    entries = _entries(app, marker)
    assert sorted(each["event"]["data"]["n"] for each in entries) == [0, 1, 2, 3, 4]
    assert {each["contentType"] for each in entries} == {"application/cloudevents+json"}
    assert len({each["entryId"] for each in entries}) == 5


def test_entry_without_a_status_is_delivered_again(
    sidecar: httpx.Client, app: RecordingApp, marker: str
) -> None:
    words = iter([None, "SUCCESS"])
    app.script("/on/bulk", lambda call: _statuses(call, next(words)))

    sidecar.post(f"{PATHS[0]}/bulk", json=[entry("1", marker)])

    first, second = app.wait_for("/on/bulk", 2, mentioning=marker)
    assert first.json["entries"][0]["event"] == second.json["entries"][0]["event"]


@pytest.mark.parametrize(("word", "deliveries"), [("DROP", 1), ("RETRY", 3)])
def test_what_a_bulk_subscriber_refuses_becomes_a_dead_letter(
    sidecar: httpx.Client, app: RecordingApp, marker: str, word: str, deliveries: int
) -> None:
    app.script("/on/bulk", lambda call: _statuses(call, word))

    sidecar.post(f"{PATHS[0]}/bulk", json=[entry("1", marker)])
    app.wait_for("/on/dead-letter", mentioning=marker)

    assert len(app.calls("/on/bulk", mentioning=marker)) == deliveries


def _statuses(call: Call, word: str | None) -> Answer:
    """The same status for every entry; none at all for None."""
    entries = call.json["entries"] if word is not None else []
    statuses = [{"entryId": each["entryId"], "status": word} for each in entries]
    return Answer(200, json.dumps({"statuses": statuses}).encode(), {"content-type": "application/json"})


def _entries(app: RecordingApp, marker: str) -> list[dict[str, Any]]:
    return [each for call in app.calls("/on/bulk", mentioning=marker) for each in call.json["entries"]]
