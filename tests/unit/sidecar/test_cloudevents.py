from datetime import UTC, datetime
from typing import Any

import pytest

from todoapp_sidecar.cloudevents import Envelope, complete, expiry, read_data, wrap
from todoapp_sidecar.go_json import dumps, loads

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)


def envelope(**metadata: str) -> Envelope:
    return Envelope(app_id="api", pubsub="pubsub", topic="tasks", metadata=metadata, now=NOW)


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (b'{"b":1,"a":2}', "application/json", {"data": {"a": 2, "b": 1}}),
        (b'{"a":1}', "application/vnd.todo+json", {"data": {"a": 1}}),
        (b'{"a":1}', "application/json; charset=utf-8", {"data": {"a": 1}}),
        (b'{"a":', "application/json", {"data": '{"a":'}),
        (b"NaN", "application/json", {"data": "NaN"}),
        (b"[" * 100_000, "application/json", {"data": "[" * 100_000}),
        (b"", "application/json", {"data": ""}),
        (b"<a/>", "application/xml", {"data": "<a/>"}),
        (b"\xff", "text/plain", {"data": "�"}),
        (b"\x00\x01", "application/octet-stream", {"data_base64": "AAE="}),
    ],
)
def test_data_follow_the_content_type(body: bytes, content_type: str, expected: dict[str, Any]) -> None:
    assert read_data(body, content_type) == {"datacontenttype": content_type} | expected


def test_without_a_content_type_data_are_text() -> None:
    assert read_data(b'{"a":1}', "") == {"datacontenttype": "text/plain", "data": '{"a":1}'}


def test_metadata_override_the_envelope() -> None:
    event = wrap({"data": 1}, envelope(**{"cloudevent.type": "task.created", "cloudevent.id": "7"}))

    assert (event["type"], event["id"], event["source"]) == ("task.created", "7", "api")


@pytest.mark.parametrize("seconds", ["abc", "-5", "", "1.5", "9" * 30])
def test_a_malformed_lifetime_is_ignored(seconds: str) -> None:
    assert "expiration" not in wrap({"data": 1}, envelope(ttlInSeconds=seconds))


def test_a_lifetime_ends_at_the_expiry() -> None:
    event = wrap({"data": 1}, envelope(ttlInSeconds="60"))

    assert event["expiration"] == "2027-03-01T12:01:00Z"
    assert expiry(event) == NOW.timestamp() + 60
    assert expiry({"expiration": "soon"}) is None
    assert expiry({}) is None


@pytest.mark.parametrize("event", [[], "text", 1, None])
def test_a_cloud_event_is_an_object(event: Any) -> None:
    with pytest.raises(ValueError, match="a CloudEvent is a JSON object"):
        complete(event, envelope())


def test_json_is_written_as_go_writes_it() -> None:
    value = loads('{"z":9007199254740993,"a":"<&>","é":18446744073709551616}')

    assert (
        dumps(value) == '{"a":"\\u003c\\u0026\\u003e","z":9007199254740993,"é":18446744073709551616}'.encode()
    )
    assert loads(dumps(value)) == value
