"""The messages of a bulk call, and what is wrong with a call that makes none."""

from datetime import UTC, datetime
from typing import Any

import pytest

from todoapp_sidecar.cloudevents import Envelope
from todoapp_sidecar.go_json import dumps, loads
from todoapp_sidecar.publication import InvalidEntries, InvalidEntryList, bulk_messages

ENVELOPE = Envelope(
    app_id="api", pubsub="pubsub", topic="tasks", metadata={}, now=datetime(2027, 3, 1, 12, tzinfo=UTC)
)


def entry(event: object, content_type: str, **more: object) -> dict[str, Any]:
    return {"entryId": "1", "event": event, "contentType": content_type, **more}


@pytest.mark.parametrize(
    ("event", "content_type", "member", "expected"),
    [
        ({"a": 1}, "application/json", "data", {"a": 1}),
        ("text", "application/json", "data", "text"),
        ("text", "text/plain", "data", "text"),
        ("AAE=", "application/octet-stream", "data_base64", "AAE="),
        (7, "text/plain", "data", "7"),
    ],
)
def test_an_entry_is_read_by_its_content_type(
    event: object, content_type: str, member: str, expected: object
) -> None:
    [message] = bulk_messages(dumps([entry(event, content_type)]), ENVELOPE)

    assert loads(message.body)[member] == expected


@pytest.mark.parametrize("body", [b"", b"nonsense", b"{}", b"[1]"])
def test_anything_but_a_list_of_entries_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidEntryList):
        bulk_messages(body, ENVELOPE)


@pytest.mark.parametrize(
    "entries",
    [
        [{"event": 1, "contentType": "application/json"}],
        [entry(1, "application/json"), entry(2, "application/json")],
        [entry("A", "application/octet-stream")],
        [entry(1, "application/json", metadata=["partitionKey"])],
    ],
    ids=["no id", "an id twice", "not base64", "metadata that names nothing"],
)
def test_duplicate_or_unreadable_entries_are_refused(entries: list[dict[str, Any]]) -> None:
    with pytest.raises(InvalidEntries):
        bulk_messages(dumps(entries), ENVELOPE)
