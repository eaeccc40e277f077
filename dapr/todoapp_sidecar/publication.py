"""From the bodies of publishing calls to messages."""

import base64
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from todoapp_sidecar import cloudevents
from todoapp_sidecar.broker import Message
from todoapp_sidecar.cloudevents import Envelope
from todoapp_sidecar.go_json import dumps, loads

__all__ = ["InvalidCloudEvent", "InvalidEntries", "InvalidEntryList", "bulk_messages", "message"]


class InvalidCloudEvent(ValueError):
    """The content type says CloudEvent, the body is not one."""


class InvalidEntryList(ValueError):
    """The body of a bulk call is not a JSON list of entries."""


class InvalidEntries(ValueError):
    """An entry of a bulk call has no id of its own, or is not what its content type says."""


def message(body: bytes, content_type: str, envelope: Envelope) -> Message:
    """The message for a body as it was posted.

    Raises:
        InvalidCloudEvent
    """
    if _is_raw(envelope.metadata):
        return Message(
            envelope.topic,
            body,
            envelope.metadata.get("partitionKey"),
            dict(envelope.metadata),
            traceparent=None,
        )
    if not cloudevents.is_cloud_event(content_type):
        return _encoded(cloudevents.wrap(cloudevents.read_data(body, content_type), envelope), envelope)
    try:
        return _completed(loads(body), envelope)
    except ValueError as error:
        raise InvalidCloudEvent(str(error)) from error


def bulk_messages(body: bytes, envelope: Envelope) -> list[Message]:
    """The messages for `[{"entryId", "event", "contentType", "metadata"}, …]`.

    Raises:
        InvalidEntries
        InvalidEntryList
    """
    try:
        entries = loads(body)
    except ValueError as error:
        raise InvalidEntryList(str(error)) from error
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise InvalidEntryList(
            "json: cannot unmarshal object into Go value of type []http.bulkPublishMessageEntry"
        )
    ids = [entry.get("entryId") for entry in entries]
    if not all(isinstance(entry_id, str) and entry_id for entry_id in ids) or len(set(ids)) < len(ids):
        raise InvalidEntries("entryId is duplicated or not present for entry")
    return [_entry_message(entry, envelope) for entry in entries]


def _entry_message(entry: dict[str, Any], envelope: Envelope) -> Message:
    event, content_type = entry.get("event"), str(entry.get("contentType") or "")
    envelope = replace(envelope, metadata={**envelope.metadata, **_texts(entry.get("metadata"))})
    try:
        if cloudevents.is_cloud_event(content_type) and not _is_raw(envelope.metadata):
            return _completed(event, envelope)  # spares writing and reading it as a body
        return message(_entry_body(event, content_type), content_type, envelope)
    except ValueError as error:
        raise InvalidEntries(str(error)) from error


def _entry_body(event: Any, content_type: str) -> bytes:
    if not isinstance(event, str) or cloudevents.is_json(content_type):
        return dumps(event)
    if content_type.startswith("application/octet-stream"):
        return base64.b64decode(event, validate=True)
    return event.encode("utf-8", errors="replace")


def _completed(event: Any, envelope: Envelope) -> Message:
    return _encoded(cloudevents.complete(event, envelope), envelope)


def _encoded(event: dict[str, Any], envelope: Envelope) -> Message:
    return Message(
        envelope.topic,
        dumps(event),
        envelope.metadata.get("partitionKey"),
        dict(envelope.metadata),
        traceparent=str(event.get("traceparent", "")),
        expires_at=cloudevents.expiry(event),
    )


def _is_raw(metadata: Mapping[str, str]) -> bool:
    return metadata.get("rawPayload", "").lower() == "true"


def _texts(metadata: Any) -> dict[str, str]:
    if not isinstance(metadata, dict | None):
        raise InvalidEntries("metadata is not an object of strings")
    return {name: str(value) for name, value in (metadata or {}).items()}
