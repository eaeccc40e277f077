"""The JSON Schemas of all events, as their consumers outside read them."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from todoapp.features.activity.events import ActivityLogged
from todoapp.features.reminders import events as reminders
from todoapp.features.tasks import events as tasks
from todoapp.messaging.cloudevents import schema_id
from todoapp.messaging.event import DataChanged, Event

__all__ = ["DIGESTS", "EVENTS", "SchemaChanged", "event_schema", "write_schemas"]

EVENTS: tuple[type[Event], ...] = (*tasks.EVENTS, *reminders.EVENTS, DataChanged, ActivityLogged)
DIGESTS = "SHA256SUMS"
DIALECT = "https://json-schema.org/draft/2020-12/schema"


class SchemaChanged(ValueError):
    """The schema of a version is kept as it is."""

    def __init__(self, event: type[Event], path: Path) -> None:
        super().__init__(
            f"{path} differs from what {event.__name__} is now. Raise `version` there, the minor one for a "
            f"field that was added, and write the schemas again: the file of {event.version} stays."
        )


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
    """Write `<event type>/<version>.json` for every event, and give the paths.

    A file that is there stays: events of its version are in feeds and dead letters. Its digest is in
    `SHA256SUMS`, in the form of sha256sum(1).

    Raises:
        SchemaChanged
    """
    for event in EVENTS:
        path = directory / event.type / f"{event.version}.json"
        schema = orjson.dumps(event_schema(event), option=orjson.OPT_INDENT_2) + b"\n"
        if path.exists() and path.read_bytes() != schema:
            raise SchemaChanged(event, path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(schema)
        yield path
    (directory / DIGESTS).write_text("".join(_digests(directory)))


def _digests(directory: Path) -> Iterator[str]:
    """A line for each schema, oldest versions included; what a line says once, it says for good."""
    kept = directory / DIGESTS
    known = kept.read_text().splitlines(keepends=True) if kept.exists() else []
    named = {line.split()[1] for line in known}
    files = {path.relative_to(directory).as_posix(): path for path in directory.rglob("*.json")}
    fresh = [f"{sha256(files[name].read_bytes()).hexdigest()}  {name}\n" for name in files.keys() - named]
    yield from sorted([*known, *fresh], key=lambda line: line.split()[1])
