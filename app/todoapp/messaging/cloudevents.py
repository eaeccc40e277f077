"""The envelope on the wire: CloudEvents 1.0 in the JSON format.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeVar
from uuid import UUID

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict

from todoapp.messaging.event import Event

__all__ = ["CONTENT_TYPE", "CloudEvent", "Received", "schema_id", "unwrap", "wrap"]

CONTENT_TYPE = "application/cloudevents+json"
SCHEMAS = "https://todoapp.dev/schemas"

E = TypeVar("E", bound=Event)


class CloudEvent(BaseModel):
    """An event as it travels.

    `data` repeats the envelope's facts (`event_id`, `event_type`, `user_id`, `timestamp`,
    `version`), so a reader that never heard of CloudEvents finds them too.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: Literal["1.0"] = "1.0"
    id: UUID
    type: str
    source: str
    subject: str | None = None
    time: AwareDatetime
    datacontenttype: Literal["application/json"] = "application/json"
    dataschema: str
    userid: UUID
    userseq: int
    traceparent: str | None = None
    traceid: str | None = None
    data: dict[str, Any]


@dataclass(frozen=True)
class Received:
    """An event that was delivered and understood."""

    event: Any
    """of one of the classes that its reader knows"""
    envelope: CloudEvent


def schema_id(event: type[Event]) -> str:
    """The `$id` of the JSON Schema of an event's `data`."""
    return f"{SCHEMAS}/{event.type}/{event.version}.json"


def wrap(
    event: Event, *, event_id: UUID, source: str, at: datetime, userseq: int, traceparent: str | None
) -> str:
    """The JSON of an event in its envelope.

    Written without a `CloudEvent`, which would check once more what an `Event` has checked already.
    Dapr overwrites a `traceparent` that comes without a `traceid`, so both are set or neither.
    """
    subject, trace = event.subject, {"traceparent": traceparent, "traceid": traceparent}
    envelope = {
        "specversion": "1.0",
        "id": event_id,
        "type": event.type,
        "source": source,
        **({"subject": subject} if subject is not None else {}),
        "time": at,
        "datacontenttype": "application/json",
        "dataschema": schema_id(type(event)),
        "userid": event.user_id,
        "userseq": userseq,
        **(trace if traceparent is not None else {}),
        "data": {
            "event_id": event_id,
            "event_type": event.type,
            "timestamp": at.isoformat(),
            "version": event.version,
            **dict(event),
        },
    }
    return orjson.dumps(envelope, default=_as_text, option=orjson.OPT_UTC_Z).decode()


def _as_text(value: object) -> str:
    # The driver of PostgreSQL has a class of its own for them, which orjson does not know.
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"an event cannot hold {type(value).__name__}")


def unwrap(received: CloudEvent, event: type[E]) -> E:
    """Read the event of the given class out of its envelope.

    Raises:
        ValueError: another major version, or `data` does not fit the class.
    """
    version = str(received.data.get("version", ""))
    if version.split(".")[0] != event.version.split(".")[0]:
        raise ValueError(
            f"{received.type} has version {version or 'none'}; this consumer reads {event.version} "
            "and what is compatible with it."
        )
    return event.model_validate(received.data)
