"""What the sidecar delivers, one event or a list of them, and how it is answered.

https://docs.dapr.io/reference/api/pubsub_api/#provide-a-route-for-dapr-to-deliver-topic-events
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Self

import orjson
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from pydantic_core import from_json

from todoapp.messaging.cloudevents import CloudEvent, Received, unwrap
from todoapp.messaging.event import Event

__all__ = ["Delivery", "Outcome", "event_id_of", "reason", "salvage"]

LIST = "com.dapr.event.sent.bulk"
LONGEST_ID = 255
NUL = "\0"
ESCAPED_NUL = rb"\u0000"


class Outcome(StrEnum):
    """How a delivery ended. The first three are what Dapr is told."""

    SUCCESS = "SUCCESS"
    RETRY = "RETRY"
    DROP = "DROP"
    DEAD_LETTER = "DEAD_LETTER"


@dataclass(frozen=True)
class Delivery:
    """The events of one call, in the order in which they came.

    The subscription decides whether events come singly or in lists (`bulkSubscribe`). Both are
    understood, so that this may change at any time.
    """

    events: Sequence[Any]
    """As JSON values; None is one that is no JSON."""
    entry_ids: Sequence[str] | None
    """Of the entries of a list, one for each event; None for a single event."""
    may_hold_nul: bool

    @classmethod
    def read(cls, body: bytes) -> Self:
        try:
            content = from_json(body)
        except ValueError:
            content = None
        may_hold_nul = ESCAPED_NUL in body
        if isinstance(content, dict) and content.get("type") == LIST:
            entries = [each for each in _list(content.get("entries")) if "entryId" in each]
            entry_ids = [str(each["entryId"]) for each in entries]
            return cls([each.get("event") for each in entries], entry_ids, may_hold_nul)
        return cls([content], None, may_hold_nul)

    def understand(self, event: Any, by_type: Mapping[str, type[Event]]) -> Received:
        """Read one of the events as one of the classes by their types.

        Raises:
            ValueError: malformed, of another type or major version, or with a character that cannot be kept.
        """
        if self.may_hold_nul and _holds_nul(event):
            raise ValueError("The event holds the character NUL, which the database cannot keep.")
        envelope = CloudEvent.model_validate(event)
        if envelope.type not in by_type:
            raise ValueError(f"{envelope.type!r} is not heard here, only {', '.join(by_type)}.")
        return Received(unwrap(envelope, by_type[envelope.type]), envelope)

    def answer(self, outcomes: Sequence[Outcome]) -> JSONResponse:
        """Tell the sidecar what became of each event.

        A list comes again as a whole. Of one that is answered with 200, Dapr 1.18 repeats the entries to be
        retried, and ends with a panic when it is told to drop one of these.
        """
        failed = Outcome.RETRY in outcomes
        status = HTTPStatus.INTERNAL_SERVER_ERROR if failed else HTTPStatus.OK
        if self.entry_ids is None:
            [outcome] = outcomes
            return JSONResponse({"status": outcome}, status)
        told = zip(self.entry_ids, outcomes, strict=True)
        statuses = [{"entryId": each, "status": outcome} for each, outcome in told]
        return JSONResponse({"statuses": statuses}, status)


def reason(error: ValueError) -> str:
    """One sentence about an event that was not understood, without its values."""
    if not isinstance(error, ValidationError):
        return str(error)
    problems = (f"{'.'.join(map(str, each['loc'])) or 'event'}: {each['msg']}" for each in error.errors())
    return f"The event does not fit its schema. {'; '.join(problems)}."


def salvage(body: bytes) -> dict[str, Any]:
    """What can be kept of an envelope that may be malformed; the rest as it came, under `unreadable`."""
    text = body.decode(errors="replace")
    try:
        envelope = orjson.loads(text)
    except orjson.JSONDecodeError:
        envelope = None
    kept = envelope if isinstance(envelope, dict) else {"unreadable": text}
    return {_without_nul(name): _without_nul(value) for name, value in kept.items()}


def event_id_of(event: Any) -> str | None:
    """The id of an event that may be malformed."""
    found = event.get("id") if isinstance(event, dict) else None
    return _without_nul(str(found)[:LONGEST_ID]) if found else None


def _list(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _holds_nul(value: Any) -> bool:
    match value:
        case str():
            return NUL in value
        case dict():
            return any(_holds_nul(name) or _holds_nul(each) for name, each in value.items())
        case list():
            return any(_holds_nul(each) for each in value)
        case _:
            return False


def _without_nul(value: Any) -> Any:
    """Replace the one character that PostgreSQL cannot store."""
    match value:
        case str():
            return value.replace(NUL, "\ufffd")
        case dict():
            return {_without_nul(name): _without_nul(each) for name, each in value.items()}
        case list():
            return [_without_nul(each) for each in value]
        case _:
            return value
