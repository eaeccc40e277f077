"""Publishing: how events are wrapped, completed and passed on."""

import base64
import json
import re
from typing import Any

import httpx
import pytest

from testbed.sidecar.recording_app import Call, RecordingApp

JSON = {"content-type": "application/json"}
CLOUD_EVENT = {"content-type": "application/cloudevents+json"}
TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01")
FOREIGN = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
WRAPPED_KEYS = [
    "data",
    "datacontenttype",
    "id",
    "pubsubname",
    "source",
    "specversion",
    "time",
    "topic",
    "traceid",
    "traceparent",
    "tracestate",
    "type",
]


def cloud_event(marker: str, **attributes: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"event-{marker}",
        "source": "todo/api",
        "type": "todo.created",
        "subject": "tasks/42",
        "time": "2026-11-22T03:00:00Z",
        "datacontenttype": "application/json",
        "myext": "x1",
        "data": {"task_id": 42},
    } | attributes


def published(sidecar: httpx.Client, app: RecordingApp, marker: str, **request: Any) -> Call:
    """Publish to `plain`; the call by which the app hears of it."""
    answer = sidecar.post("/v1.0/publish/pubsub/plain", **request)
    assert (answer.status_code, answer.content) == (204, b"")
    [call] = app.wait_for("/on/plain", mentioning=marker)
    return call


def test_plain_json_is_wrapped(sidecar: httpx.Client, app: RecordingApp, marker: str) -> None:
    body = json.dumps({"id": marker, "title": "é ✓"})
    call = published(sidecar, app, marker, content=body, headers=JSON)

    assert call.method == "POST"
    assert call.headers["content-type"] == "application/cloudevents+json"
    assert call.headers["pubsubname"] == "pubsub"
    assert list(call.json) == WRAPPED_KEYS
    event = call.json
    assert event["data"] == {"id": marker, "title": "é ✓"}
    assert event["datacontenttype"] == "application/json"
    assert (event["source"], event["type"]) == ("app1", "com.dapr.event.sent")
    assert (event["pubsubname"], event["topic"], event["specversion"]) == ("pubsub", "plain", "1.0")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", event["time"])


def test_answer_event_and_delivery_carry_the_same_trace(
    sidecar: httpx.Client, app: RecordingApp, marker: str
) -> None:
    answer = sidecar.post("/v1.0/publish/pubsub/plain", json=marker)
    [call] = app.wait_for("/on/plain", mentioning=marker)

    span = answer.headers["traceparent"]
    assert TRACEPARENT.fullmatch(span)
    assert call.json["traceparent"] == call.json["traceid"] == span
    assert call.json["tracestate"] == ""
    assert call.headers["traceparent"][:36] == span[:36]
    assert call.headers["traceparent"] != span


def test_a_callers_trace_is_continued(sidecar: httpx.Client, app: RecordingApp, marker: str) -> None:
    headers = {"traceparent": FOREIGN, "tracestate": "congo=t61", "baggage": "userId=alice"}
    answer = sidecar.post("/v1.0/publish/pubsub/plain", json=marker, headers=headers)
    [call] = app.wait_for("/on/plain", mentioning=marker)

    assert answer.headers["traceparent"][:36] == FOREIGN[:36]
    assert answer.headers["tracestate"] == "congo=t61"
    assert answer.headers["baggage"] == "userId=alice"
    assert call.json["traceparent"] == answer.headers["traceparent"]
    assert call.json["tracestate"] == "congo=t61"
    assert call.headers["traceparent"][:36] == FOREIGN[:36]


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [("text/plain", "text/plain"), (None, "text/plain"), ("application/json", None)],
)
def test_anything_but_json_becomes_a_string(
    sidecar: httpx.Client, app: RecordingApp, marker: str, content_type: str | None, expected: str | None
) -> None:
    body = f'{{"a":"{marker}'
    headers = {"content-type": content_type} if content_type else {}
    call = published(sidecar, app, marker, content=body, headers=headers)

    assert call.json["data"] == body
    assert call.json["datacontenttype"] == (expected or content_type)


def test_json_without_a_content_type_is_text(sidecar: httpx.Client, app: RecordingApp, marker: str) -> None:
    call = published(sidecar, app, marker, content=f'{{"a":"{marker}"}}')

    assert call.json["data"] == f'{{"a":"{marker}"}}'
    assert call.json["datacontenttype"] == "text/plain"


def test_bytes_are_encoded(sidecar: httpx.Client, app: RecordingApp, marker: str) -> None:
    body = bytes.fromhex(marker)
    expected = base64.b64encode(body).decode()
    call = published(
        sidecar, app, expected, content=body, headers={"content-type": "application/octet-stream"}
    )

    assert call.json["data_base64"] == expected
    assert "data" not in call.json
    assert call.json["datacontenttype"] == "application/octet-stream"


def test_an_empty_body_is_an_empty_string(sidecar: httpx.Client, app: RecordingApp, marker: str) -> None:
    url = f"/v1.0/publish/pubsub/plain?metadata.cloudevent.id={marker}"
    sidecar.post(url, headers=JSON)
    [call] = app.wait_for("/on/plain", mentioning=marker)

    assert call.json["data"] == ""


def test_numbers_stay_exact(sidecar: httpx.Client, app: RecordingApp, marker: str) -> None:
    body = f'{{"z":1,"a":9007199254740993,"f":1.0,"e":1e3,"s":"<&>","m":"{marker}"}}'
    call = published(sidecar, app, marker, content=body, headers=JSON)

    assert call.json["data"] == json.loads(body)
    assert b'"a":9007199254740993' in call.body
    assert b'"s":"\\u003c\\u0026\\u003e"' in call.body


def test_a_cloud_event_keeps_its_attributes(sidecar: httpx.Client, app: RecordingApp, marker: str) -> None:
    event = cloud_event(marker)
    call = published(sidecar, app, marker, json=event, headers=CLOUD_EVENT)

    received = call.json
    assert {name: received[name] for name in event} == event
    assert received["pubsubname"] == "pubsub"
    assert received["topic"] == "plain"
    assert list(received) == sorted(received)


def test_its_traceparent_alone_is_overwritten(sidecar: httpx.Client, app: RecordingApp, marker: str) -> None:
    call = published(sidecar, app, marker, json=cloud_event(marker, traceparent=FOREIGN), headers=CLOUD_EVENT)

    assert call.json["traceparent"][:36] != FOREIGN[:36]
    assert call.json["traceid"] == call.json["traceparent"]


def test_its_traceparent_is_kept_beside_a_traceid(
    sidecar: httpx.Client, app: RecordingApp, marker: str
) -> None:
    event = cloud_event(marker, traceparent=FOREIGN, traceid=FOREIGN)
    call = published(sidecar, app, marker, json=event, headers=CLOUD_EVENT)

    assert call.json["traceparent"] == call.json["traceid"] == FOREIGN
    assert call.headers["traceparent"][:36] == FOREIGN[:36]


def test_an_incomplete_cloud_event_is_completed(
    sidecar: httpx.Client, app: RecordingApp, marker: str
) -> None:
    event = {"id": marker, "data": {"x": 1}}
    call = published(sidecar, app, marker, json=event, headers=CLOUD_EVENT)

    assert call.json["id"] == marker
    assert call.json["source"] == "Dapr"
    assert call.json["type"] == "com.dapr.event.sent"
    assert "datacontenttype" not in call.json


def test_a_malformed_cloud_event_is_refused(sidecar: httpx.Client) -> None:
    answer = sidecar.post("/v1.0/publish/pubsub/plain", content="not json", headers=CLOUD_EVENT)

    assert answer.status_code == 500
    refusal = answer.json()
    assert refusal["errorCode"] == "ERR_PUBSUB_CLOUD_EVENTS_SER"
    assert refusal["message"] == "cannot create cloudevent"
    assert refusal["details"][0] == {
        "@type": "type.googleapis.com/google.rpc.ResourceInfo",
        "description": "cannot create cloudevent",
        "owner": "",
        "resource_name": "pubsub",
        "resource_type": "pubsub",
    }
    assert refusal["details"][1]["reason"] == "DAPR_PUBSUB_CLOUD_EVENT_CREATION"
    assert refusal["details"][1]["metadata"]["appID"] == "app1"
