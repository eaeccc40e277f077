"""What the metadata of a publishing call do, and which calls are refused."""

import base64
import re
from datetime import datetime

import httpx

from testbed.sidecar.recording_app import RecordingApp

TRACEPARENT = "00-22f7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_every_metadata_key_is_a_header(sidecar: httpx.Client, app: RecordingApp, marker: str) -> None:
    sidecar.post("/v1.0/publish/pubsub/plain?metadata.partitionKey=user-7&metadata.foo=bar", json=marker)
    [call] = app.wait_for("/on/plain", mentioning=marker)

    assert call.headers["partitionkey"] == "user-7"
    assert call.headers["foo"] == "bar"


def test_ttl_becomes_an_expiration(sidecar: httpx.Client, app: RecordingApp, marker: str) -> None:
    sidecar.post("/v1.0/publish/pubsub/plain?metadata.ttlInSeconds=50", json=marker)
    [call] = app.wait_for("/on/plain", mentioning=marker)

    lifetime = datetime.fromisoformat(call.json["expiration"]) - datetime.fromisoformat(call.json["time"])
    assert 49 <= lifetime.total_seconds() <= 51
    assert call.headers["ttlinseconds"] == "50"


def test_a_malformed_ttl_is_ignored(sidecar: httpx.Client, app: RecordingApp, marker: str) -> None:
    answer = sidecar.post("/v1.0/publish/pubsub/plain?metadata.ttlInSeconds=abc", json=marker)
    [call] = app.wait_for("/on/plain", mentioning=marker)

    assert answer.status_code == 204
    assert "expiration" not in call.json


def test_the_envelope_can_be_overridden(sidecar: httpx.Client, app: RecordingApp, marker: str) -> None:
    overrides = {
        "metadata.cloudevent.id": marker,
        "metadata.cloudevent.type": "todo.updated",
        "metadata.cloudevent.source": "svc",
        "metadata.cloudevent.subject": "s1",
        "metadata.cloudevent.traceparent": TRACEPARENT,
    }
    sidecar.post("/v1.0/publish/pubsub/plain", params=overrides, json={"n": 4})
    [call] = app.wait_for("/on/plain", mentioning=marker)

    event = call.json
    assert (event["id"], event["type"], event["source"], event["subject"]) == (
        marker,
        "todo.updated",
        "svc",
        "s1",
    )
    assert event["traceid"] == event["traceparent"] == TRACEPARENT
    assert call.headers["cloudevent.type"] == "todo.updated"
    assert call.headers["traceparent"][:36] == TRACEPARENT[:36]


def test_a_raw_payload_reaches_a_cloud_event_subscriber_unchanged(
    sidecar: httpx.Client, app: RecordingApp, marker: str
) -> None:
    body = f'{{"n": "{marker}"}}'.encode()
    headers = {"content-type": "application/json"}
    sidecar.post("/v1.0/publish/pubsub/plain?metadata.rawPayload=true", content=body, headers=headers)
    [call] = app.wait_for("/on/plain", mentioning=marker)

    assert call.body == body
    assert call.headers["content-type"] == "application/cloudevents+json"
    assert call.headers["rawpayload"] == "true"


def test_a_raw_subscriber_gets_the_bytes_in_a_synthetic_envelope(
    sidecar: httpx.Client, app: RecordingApp, marker: str
) -> None:
    body = f'{{"n": "{marker}"}}'.encode()
    encoded = base64.b64encode(body).decode()
    sidecar.post("/v1.0/publish/pubsub/raw?metadata.rawPayload=true", content=body)
    [call] = app.wait_for("/on/raw", mentioning=encoded)

    event = call.json
    assert re.fullmatch(r"[0-9a-f-]{36}", event.pop("id"))
    assert event == {
        "data_base64": encoded,
        "datacontenttype": "application/octet-stream",
        "pubsubname": "pubsub",
        "source": "Dapr",
        "specversion": "1.0",
        "topic": "raw",
        "type": "com.dapr.event.sent",
    }


def test_a_topic_may_have_slashes(sidecar: httpx.Client) -> None:
    assert sidecar.post("/v1.0/publish/pubsub/a/b/c", json={"n": 1}).status_code == 204


def test_an_unknown_component_is_not_found(sidecar: httpx.Client) -> None:
    answer = sidecar.post("/v1.0/publish/nope/plain", json={"n": 1})

    assert answer.status_code == 404
    assert answer.json() == {
        "errorCode": "ERR_PUBSUB_NOT_FOUND",
        "message": "pubsub nope is not found",
        "details": [
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "domain": "dapr.io",
                "metadata": {},
                "reason": "DAPR_PUBSUB_NOT_FOUND",
            }
        ],
    }


def test_a_topic_outside_the_allowed_ones_is_forbidden(sidecar: httpx.Client) -> None:
    answer = sidecar.post("/v1.0/publish/selective/other", json={"n": 1})

    sentence = "topic other is not allowed for app id app1"
    assert answer.status_code == 403
    assert answer.json() == {
        "errorCode": "ERR_PUBSUB_FORBIDDEN",
        "message": sentence,
        "details": [
            {
                "@type": "type.googleapis.com/google.rpc.ResourceInfo",
                "description": sentence,
                "owner": "",
                "resource_name": "selective",
                "resource_type": "pubsub",
            },
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "domain": "dapr.io",
                "metadata": {"error": sentence, "topic": "other"},
                "reason": "DAPR_PUBSUB_FORBIDDEN",
            },
        ],
    }


def test_a_body_of_more_than_4_mib_is_refused(sidecar: httpx.Client) -> None:
    answer = sidecar.post("/v1.0/publish/pubsub/plain", content=b"x" * (5 << 20))

    assert answer.status_code == 500
    assert answer.json()["errorCode"] == "ERR_PUBSUB_PUBLISH_MESSAGE"
