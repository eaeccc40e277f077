"""CloudEvents 1.0 as Dapr wraps, completes and unwraps them (JSON event format)."""

import base64
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from todoapp_sidecar.durations import parse_timestamp
from todoapp_sidecar.go_json import dumps, loads

__all__ = ["Envelope", "complete", "expiry", "is_cloud_event", "is_json", "read_data", "synthetic", "wrap"]

Event = dict[str, Any]

DEFAULT_TYPE = "com.dapr.event.sent"
_OVERRIDABLE = ("id", "type", "source", "subject", "traceparent", "tracestate")


@dataclass(frozen=True)
class Envelope:
    """What the sidecar knows about an event besides its data; an empty `traceparent` is none."""

    app_id: str
    pubsub: str
    topic: str
    metadata: Mapping[str, str]
    now: datetime
    traceparent: str = ""
    tracestate: str = ""

    @property
    def address(self) -> Event:
        return {"pubsubname": self.pubsub, "topic": self.topic}

    @property
    def trace(self) -> Event:
        return {
            "traceid": self.traceparent,
            "traceparent": self.traceparent,
            "tracestate": self.tracestate,
        }

    @property
    def lifetime(self) -> Event:
        """`expiration` from the metadata's `ttlInSeconds`; nothing when that is not a count of seconds."""
        seconds = self.metadata.get("ttlInSeconds", "")
        if not (seconds.isascii() and seconds.isdigit()):
            return {}
        try:
            return {"expiration": _rfc3339(self.now + timedelta(seconds=int(seconds)))}
        except OverflowError:
            return {}


def is_cloud_event(content_type: str) -> bool:
    return _media_type(content_type) == "application/cloudevents+json"


def is_json(content_type: str) -> bool:
    media_type = _media_type(content_type)
    return media_type == "application/json" or media_type.endswith("+json")


def read_data(body: bytes, content_type: str) -> Event:
    """The attributes `datacontenttype` and `data` or `data_base64` for a published body.

    A body without a content type is text, and so is one that claims to be JSON and is not.
    """
    attributes: Event = {"datacontenttype": content_type or "text/plain"}
    if _media_type(content_type) == "application/octet-stream":
        return attributes | {"data_base64": base64.b64encode(body).decode()}
    if is_json(content_type):
        try:
            return attributes | {"data": loads(body)}
        except ValueError:
            pass
    return attributes | {"data": body.decode("utf-8", errors="replace")}


def wrap(data: Event, envelope: Envelope) -> Event:
    """Make a CloudEvent around `data` (from `read_data`); `cloudevent.*` metadata override it."""
    overrides = {
        name: value
        for name in _OVERRIDABLE
        if (value := envelope.metadata.get(f"cloudevent.{name}")) is not None
    }
    if "traceparent" in overrides:
        overrides["traceid"] = overrides["traceparent"]
    return (
        {
            "id": str(uuid.uuid4()),
            "source": envelope.app_id,
            "specversion": "1.0",
            "time": _rfc3339(envelope.now),
            "type": DEFAULT_TYPE,
        }
        | data
        | envelope.address
        | envelope.trace
        | envelope.lifetime
        | overrides
    )


def complete(event: Any, envelope: Envelope) -> Event:
    """Fill in what a published CloudEvent lacks; its own attributes stay.

    Its `traceparent` stays only beside a `traceid`, as with Dapr.

    Raises:
        ValueError: `event` is not a JSON object.
    """
    if not isinstance(event, dict):
        raise ValueError("a CloudEvent is a JSON object")  # noqa: TRY004 - a wrong value, not a wrong type
    trace = {} if "traceid" in event else envelope.trace
    completed: Event = {
        "source": "Dapr",
        "specversion": "1.0",
        "type": DEFAULT_TYPE,
        **event,
        **envelope.address,
        **trace,
        **envelope.lifetime,
    }
    if "id" not in event:
        completed["id"] = str(uuid.uuid4())
    if "time" not in event:
        completed["time"] = _rfc3339(envelope.now)
    return completed


def synthetic(body: bytes, *, pubsub: str, topic: str) -> bytes:
    """The envelope around the raw bytes that a `rawPayload` subscription receives."""
    return dumps(
        {
            "data_base64": base64.b64encode(body).decode(),
            "datacontenttype": "application/octet-stream",
            "id": str(uuid.uuid4()),
            "pubsubname": pubsub,
            "source": "Dapr",
            "specversion": "1.0",
            "topic": topic,
            "type": DEFAULT_TYPE,
        }
    )


def expiry(event: Event) -> float | None:
    """When `event` stops being worth delivering, in seconds since the epoch; None for never."""
    try:
        return parse_timestamp(event["expiration"]).timestamp()
    except (KeyError, TypeError, ValueError):
        return None


def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _rfc3339(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
