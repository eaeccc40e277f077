"""Exports of earlier versions: today's import reads each of them."""

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from testbed.app.application import Clock, signed_up
from testbed.app.rich_account import EXPORTS
from todoapp.features.importing.entries import RefusedEntry
from todoapp.features.importing.own_export import ExportReader
from todoapp.features.personal_data.document import ExportedTask
from todoapp.features.reminders.view import ReminderView
from todoapp.features.tasks.view import LabelView

Json = dict[str, Any]

FILES = sorted(EXPORTS.glob("*.json"))
OF_ITS_OWN = {"version", "updated_at", "tags", "category_id", "reminders", "series_start", "scheduled_for"}
"""What an imported task has of its own, or what is compared in another form."""

NEEDED = {"id", "title", "name"}
"""Without which nothing is a task, a tag or a category."""


@pytest.fixture(params=FILES, ids=[file.stem for file in FILES])
def recorded(request: pytest.FixtureRequest) -> bytes:
    """An export, once of every version."""
    file: Path = request.param
    return file.read_bytes()


async def test_recorded_export_arrives_as_it_was(api: FastAPI, clock: Clock, recorded: bytes) -> None:
    document = orjson.loads(recorded)
    clock.now = datetime.fromisoformat(document["exported_at"])
    async with signed_up(api) as person:
        answer = await person.post(
            "/api/import", content=recorded, headers={"content-type": "application/json"}
        )
        assert answer.status_code == 200, answer.text
        restored = (await person.get("/api/me/export")).json()

    assert Counter(entry["outcome"] for entry in answer.json()["entries"]) == Counter(
        created=len([*document["categories"], *document["tags"], *document["tasks"]]), skipped=2
    )
    for labels in ("categories", "tags"):
        assert label_facts(restored[labels]) == label_facts(document[labels])
    before, after = task_facts(document), task_facts(restored)
    # A later version may show more fields.
    assert [{name: new[name] for name in old} for old, new in zip(before, after, strict=True)] == before


def test_missing_field_takes_its_default(recorded: bytes) -> None:
    """A field that an older version did not export does not stop this version from reading its export."""
    document = orjson.loads(recorded)
    views: dict[str, type[BaseModel]] = {"tasks": ExportedTask, "tags": LabelView, "categories": LabelView}
    for part, view in views.items():
        for field in view.model_fields.keys() - NEEDED:
            for entry in document[part]:
                older = {name: value for name, value in entry.items() if name != field}

                assert refusals({"format": document["format"], part: [older]}) == [], field


def test_missing_field_of_a_reminder_takes_its_default(recorded: bytes) -> None:
    [labelled] = [task for task in orjson.loads(recorded)["tasks"] if task["title"] == "Labelled"]
    for field in ReminderView.model_fields.keys() - NEEDED:
        reminders = [
            {name: value for name, value in reminder.items() if name != field or value is not None}
            for reminder in labelled["reminders"]
        ]

        assert refusals({"format": "todoapp-export/1", "tasks": [labelled | {"reminders": reminders}]}) == []


def refusals(document: Json) -> list[str]:
    reader = ExportReader()
    entries = [*reader.feed(orjson.dumps(document)), *reader.finish()]
    return [entry.reason for entry in entries if isinstance(entry, RefusedEntry)]


def label_facts(labels: list[Json]) -> list[tuple[str, str | None]]:
    return [(label["name"], label["colour"]) for label in labels]


def task_facts(document: Json) -> list[Json]:
    """All of each task that an import keeps, with names and open reminders in place of ids."""
    categories = {category["id"]: category["name"] for category in document["categories"]}
    exported_at = datetime.fromisoformat(document["exported_at"])
    known = {task["id"] for task in document["tasks"]}
    return [
        {name: value for name, value in task.items() if name not in OF_ITS_OWN}
        | {
            "parent_task_id": task["parent_task_id"] if task["parent_task_id"] in known else None,
            "category": categories.get(task["category_id"]),
            "tags": [tag["name"] for tag in task["tags"]],
            "reminders": reminders_ahead(task, exported_at),
        }
        | ({name: task[name] for name in ("series_start", "scheduled_for")} if task["recurrence"] else {})
        for task in sorted(document["tasks"], key=lambda task: str(task["id"]))
    ]


def reminders_ahead(task: Json, now: datetime) -> list[tuple[int | None, str | None, str]]:
    """The reminders of an open task that have still to fire."""
    is_open = not task["completed"] and task["skipped_at"] is None
    ahead = [
        (reminder["offset_minutes"], reminder["remind_at"], reminder["due_at"])
        for reminder in task["reminders"]
        if is_open and datetime.fromisoformat(reminder["due_at"]) > now
    ]
    return sorted(ahead, key=str)
