"""Adding a task by one line of text. It is Wednesday 3 March 2027, 09:00 in Berlin."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import httpx
import pytest

from testbed.app.application import Clock, signed_up
from todoapp.kit.settings import Features
from todoapp.processes.api.app import create_api
from todoapp.processes.runtime import Runtime

RENT = "Pay rent every month on the 1st at 9 !high #home ~finance"


async def added(client: httpx.AsyncClient, text: str) -> dict[str, Any]:
    answer = await client.post("/api/tasks/quick", json={"text": text})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_a_line_becomes_a_task_and_the_answer_explains_it(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/tasks/quick", json={"text": RENT})

    task, [category] = answer.json()["task"], (await client.get("/api/categories")).json()["items"]
    assert answer.status_code == 201
    assert (await client.get(answer.headers["location"])).json() == task
    assert answer.headers["etag"] == '"1"'
    assert (task["title"], task["priority"], task["due_at"]) == ("Pay rent", "high", "2027-04-01T07:00:00Z")
    assert task["recurrence"] == {"rrule": "FREQ=MONTHLY;BYMONTHDAY=1", "basis": "due"}
    assert [tag["name"] for tag in task["tags"]] == ["home"]
    assert (task["category_id"], category["name"]) == (category["id"], "finance")
    assert answer.json()["read_as"] == {
        "title": "Pay rent",
        "due": "Thursday 1 April 2027 at 09:00",
        "due_at": "2027-04-01T07:00:00Z",
        "due_date": None,
        "recurrence": "every month on the 1st at 09:00",
        "rule": {"rrule": "FREQ=MONTHLY;BYMONTHDAY=1", "basis": "due"},
        "priority": "high",
        "tags": ["home"],
        "category": "finance",
        "reminders": [],
        "parts": [
            {"text": "every month on the 1st", "start": 9, "end": 31, "meaning": "recurrence"},
            {"text": "at 9", "start": 32, "end": 36, "meaning": "time"},
            {"text": "!high", "start": 37, "end": 42, "meaning": "priority"},
            {"text": "#home", "start": 43, "end": 48, "meaning": "tag"},
            {"text": "~finance", "start": 49, "end": 57, "meaning": "category"},
        ],
        "notes": [],
    }


async def test_a_dry_run_only_reads(client: httpx.AsyncClient) -> None:
    dry = await client.post("/api/tasks/quick", json={"text": RENT, "dry_run": True})

    assert (dry.status_code, dry.json()["task"]) == (200, None)
    assert (await client.get("/api/sync", params={"since": 0})).json()["changes"] == []
    assert dry.json()["read_as"] == (await added(client, RENT))["read_as"]


async def test_a_category_and_a_tag_that_exist_are_used(client: httpx.AsyncClient) -> None:
    home = (await client.post("/api/categories", json={"name": "Home"})).json()
    await client.post("/api/tags", json={"name": "Café"})

    task = (await added(client, "Sweep ~HOME #café"))["task"]

    assert task["category_id"] == home["id"]
    assert [tag["name"] for tag in task["tags"]] == ["Café"]
    assert len((await client.get("/api/categories")).json()["items"]) == 1


async def test_a_whole_day_with_a_reminder_in_its_morning(client: httpx.AsyncClient) -> None:
    body = await added(client, "Pay Friday remind me 1 day before")

    task = body["task"]
    assert (task["due_date"], task["due_at"], task["all_day"]) == ("2027-03-05", None, True)
    assert [reminder["due_at"] for reminder in task["reminders"]] == ["2027-03-04T08:00:00Z"]
    assert (body["read_as"]["due"], body["read_as"]["due_date"]) == ("Friday 5 March 2027", "2027-03-05")


async def test_a_plain_line_is_a_plain_task(client: httpx.AsyncClient) -> None:
    body = await added(client, "Buy 2 apples")

    assert body["task"]["title"] == "Buy 2 apples"
    assert (body["read_as"]["due"], body["read_as"]["recurrence"], body["read_as"]["parts"]) == (
        None,
        None,
        [],
    )


async def test_relative_days_follow_the_applications_clock(client: httpx.AsyncClient, clock: Clock) -> None:
    clock.advance(days=1)

    assert (await added(client, "Pay tomorrow"))["task"]["due_date"] == "2027-03-05"


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ({"text": "tomorrow at 9"}, "unreadable-text", "/text"),
        ({"text": "Pay every day until 2020-01-01"}, "unreadable-text", "/text"),
        ({"text": "Pay today remind me 3 days before"}, "unreadable-text", "/text"),
        ({"text": "x" * 501}, "unreadable-text", "/text"),
        ({"text": "x" * 1_001}, "invalid", "/text"),
        ({"text": "two\nlines"}, "invalid", "/text"),
        ({"text": " "}, "invalid", "/text"),
        ({"text": "Pay", "zone": "UTC"}, "invalid", "/zone"),
    ],
)
async def test_a_line_that_makes_no_task_is_refused(
    client_on_one_database: httpx.AsyncClient, body: dict[str, Any], code: str, pointer: str
) -> None:
    answer = await client_on_one_database.post("/api/tasks/quick", json=body)

    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, code)
    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert (await client_on_one_database.get("/api/tasks")).json()["items"] == []


async def test_an_idempotency_key_adds_one_task(client: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": str(uuid4())}

    first = await client.post("/api/tasks/quick", json={"text": RENT}, headers=headers)
    again = await client.post("/api/tasks/quick", json={"text": RENT}, headers=headers)

    assert again.json() == first.json()
    assert len((await client.get("/api/tasks")).json()["items"]) == 1


async def test_the_quick_add_path_is_not_a_task_id(client: httpx.AsyncClient) -> None:
    user = (await client.get("/api/me")).json()["id"]

    by_user = await client.post(f"/api/{user}/tasks/quick", json={"text": "Pay"})

    assert by_user.status_code == 201
    assert (await client.get("/api/tasks/quick")).status_code == 405
    assert (await client.delete("/api/tasks/quick")).status_code == 405


async def test_an_installation_may_switch_it_off(runtime: Runtime) -> None:
    without = runtime.settings.model_copy(update={"features": Features(quick_add=False)})

    async with signed_up(create_api(replace(runtime, settings=without))) as user:
        answer = await user.post("/api/tasks/quick", json={"text": RENT})

        assert (answer.status_code, answer.json()["code"]) == (403, "feature-off")
        assert (await user.post("/api/tasks", json={"title": "Pay rent"})).status_code == 201
