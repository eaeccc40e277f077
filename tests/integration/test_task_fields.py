"""Every field of a task goes all the way: create, patch, history, next occurrence, export and import.

A new field of `NewTask` fails here by name until `SAMPLES` has two values for it, and then wherever it is
forgotten. What does not hold for a field stands in a table of exceptions, with the reason.
"""

from typing import Any

import httpx
import pytest

from testbed.app.deliveries import Deliveries
from todoapp.features.tasks.inputs import NewTask, TaskPatch
from todoapp.features.tasks.view import TaskState

Json = dict[str, Any]

CATEGORIES = ("Home", "Work")
SAMPLES: dict[str, tuple[Any, Any]] = {
    "title": ("Pay the rent", "Pay the rent at last"),
    "description": ("by *transfer*", ""),
    "priority": ("high", "low"),
    "due_at": ("2027-03-08T09:00:00Z", "2027-03-09T10:30:00Z"),
    "due_date": ("2027-03-08", "2027-03-09"),
    "all_day": (False, True),
    "timezone": ("America/New_York", "Asia/Tokyo"),
    "category_id": CATEGORIES,
    "tags": (["money"], ["money", "street"]),
    "recurrence": ({"rrule": "FREQ=WEEKLY;BYDAY=MO", "basis": "due"}, {"cron": "0 9 * * 1-5"}),
    "reminders": ([{"offset_minutes": 30}], None),
    "position": (-2.5, 7.0),
}
"""Field → the value to create it with, and the one to change it to. Categories stand here by name."""
BESIDE: dict[str, Json] = {
    "all_day": {"due_at": "2027-03-08T09:00:00Z"},
    "recurrence": {"due_at": "2027-03-08T09:00:00Z"},
    "reminders": {"due_at": "2027-03-08T09:00:00Z"},
}
"""What a field needs beside itself."""

NOT_PATCHED = {"reminders": "they are resources of their own, below the task"}
ONLY_PATCHED = {"completed": "a new task is open"}
NOT_SENT = {
    "id": "given by the server",
    "completed": "changed by PATCH and by actions",
    "completed_at": "when that happened",
    "skipped_at": "when it was skipped",
    "series_id": "follows from the recurrence",
    "occurrence": "follows from the recurrence",
    "parent_task_id": "follows from the recurrence",
    "version": "counts the writes",
    "created_at": "given by the server",
    "updated_at": "given by the server",
}
NOT_COPIED = {
    "due_at": "the rule places the next occurrence",
    "due_date": "the other form of `due_at`",
    "all_day": "comes with `due_date`; test_occurrences has an all-day series",
}
APART = {"due_date": "excludes `due_at`", "all_day": "comes with `due_date`"}
"""What a task that has a value in every other field cannot have."""


def sample(field: str) -> tuple[Any, Any]:
    assert field in SAMPLES, f"NewTask has the new field {field!r}: give SAMPLES two values for it"
    return SAMPLES[field]


@pytest.fixture
async def categories(client: httpx.AsyncClient) -> dict[str, str]:
    """Name → id."""
    made = [(await client.post("/api/categories", json={"name": name})).json() for name in CATEGORIES]
    return {category["name"]: category["id"] for category in made}


def test_create_patch_and_view_differ_only_as_listed() -> None:
    new, patch, state = (set(model.model_fields) for model in (NewTask, TaskPatch, TaskState))

    assert new - patch == set(NOT_PATCHED), "a field that is only created: add it to TaskPatch or NOT_PATCHED"
    assert patch - new == set(ONLY_PATCHED), "a field that is only patched: add it to NewTask or ONLY_PATCHED"
    assert state - new == set(NOT_SENT), "a field that is only shown: add it to NewTask or NOT_SENT"
    assert new - state == set(), "a field that is never shown: add it to TaskState"


async def test_every_field_is_created_patched_and_in_the_history(
    client: httpx.AsyncClient, deliveries: Deliveries, categories: dict[str, str]
) -> None:
    for field in NewTask.model_fields:
        first, second = sent(field, categories)
        body = {"title": "Any", **BESIDE.get(field, {}), field: first}
        answer = await client.post("/api/tasks", json=body)
        assert answer.status_code == 201, f"{field}: {answer.text}"
        created = answer.json()
        assert shown(created, field) == first, f"{field} is not kept when a task is created"
        if field in NOT_PATCHED:
            continue

        answer = await client.patch(f"/api/tasks/{created['id']}", json={field: second})

        assert answer.status_code == 200, f"{field}: {answer.text}"
        assert shown(answer.json(), field) == second, f"{field} is not kept when a task is patched"
        updated = (await deliveries.published())[-1]["data"]
        assert updated["task_id"] == created["id"], f"{field}: the change of it is no event"
        assert [shown({field: value}, field) for value in updated["changes"][field]] == [first, second], field


async def test_every_field_is_in_the_next_occurrence(
    client: httpx.AsyncClient, deliveries: Deliveries, categories: dict[str, str]
) -> None:
    task = await create_full_task(client, categories)

    await client.post(f"/api/tasks/{task['id']}/complete")
    await deliveries.settle()

    [following] = (await client.get("/api/tasks", params={"status": "open"})).json()["items"]
    for field in NewTask.model_fields.keys() - NOT_COPIED.keys():
        assert shown(following, field) == shown(task, field), f"{field} is not in the next occurrence"


async def test_every_field_survives_export_and_import(
    client: httpx.AsyncClient, categories: dict[str, str]
) -> None:
    full = await create_full_task(client, categories)
    whole_day = {"title": "Whole day", "due_date": SAMPLES["due_date"][0]}
    tasks = [full, (await client.post("/api/tasks", json=whole_day)).json()]
    export = (await client.get("/api/me/export")).content
    for task in tasks:
        await client.delete(f"/api/tasks/{task['id']}")

    report = await client.post("/api/import", content=export, headers={"content-type": "application/json"})

    assert report.status_code == 200, report.text
    for task in tasks:
        restored = (await client.get(f"/api/tasks/{task['id']}")).json()
        for field in NewTask.model_fields:
            assert shown(restored, field) == shown(task, field), f"{field} is lost by export and import"


async def create_full_task(client: httpx.AsyncClient, categories: dict[str, str]) -> Json:
    """A task with a value in every field."""
    body = {field: sent(field, categories)[0] for field in NewTask.model_fields if field not in APART}
    answer = await client.post("/api/tasks", json=body)
    assert answer.status_code == 201, answer.text
    task: Json = answer.json()
    return task


def sent(field: str, categories: dict[str, str]) -> tuple[Any, Any]:
    """The values as a request has them."""
    first, second = sample(field)
    return (categories[first], categories[second]) if field == "category_id" else (first, second)


def shown(task: Json, field: str) -> Any:
    """The value of an answer in the form of a request."""
    value = task[field]
    if field == "tags":
        return [tag["name"] for tag in value]
    if field == "reminders":
        return [{"offset_minutes": reminder["offset_minutes"]} for reminder in value]
    return value
