"""The JSON Schemas of all events, as their consumers outside read them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from todoapp.features.activity.events import ActivityLogged
from todoapp.features.reminders import events as reminders
from todoapp.features.tasks import events as tasks
from todoapp.messaging.cloudevents import schema_id
from todoapp.messaging.event import DataChanged, Event

__all__ = ["EVENTS", "event_schema", "write_schemas"]

EVENTS: tuple[type[Event], ...] = (*tasks.EVENTS, *reminders.EVENTS, DataChanged, ActivityLogged)
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def event_schema(event: type[Event]) -> dict[str, Any]:
    """The schema of an event's `data`, the facts of its envelope included."""
    schema = event.model_json_schema(mode="serialization")
    facts = {
        "event_id": {"type": "string", "format": "uuid"},
        "event_type": {"const": event.type},
        "timestamp": {"type": "string", "format": "date-time"},
        "version": {"type": "string", "pattern": rf"^{event.version.split('.')[0]}\."},
    }
    schema["properties"] = facts | schema["properties"]
    schema["required"] = [*facts, *schema["required"]]
    return {"$schema": DIALECT, "$id": schema_id(event)} | schema


def write_schemas(directory: Path) -> Iterator[Path]:
    """Write `<event type>/<version>.json` for every event, and give the paths."""
    for event in EVENTS:
        path = directory / event.type / f"{event.version}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(orjson.dumps(event_schema(event), option=orjson.OPT_INDENT_2) + b"\n")
        yield path
