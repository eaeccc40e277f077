"""Many changes in one request."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

Task = dict[str, Any]


@pytest.fixture
async def tasks(client: httpx.AsyncClient) -> list[Task]:
    return [
        (await client.post("/api/tasks", json={"title": title})).json() for title in ("one", "two", "three")
    ]


async def test_operations_happen_in_order(client: httpx.AsyncClient, tasks: list[Task]) -> None:
    one, two, three = tasks
    operations = [
        {"op": "create", "task": {"title": "four", "tags": ["new"]}},
        {"op": "update", "id": one["id"], "patch": {"title": "first", "priority": "high"}, "version": 1},
        {"op": "complete", "id": two["id"]},
        {"op": "delete", "id": three["id"]},
    ]

    answer = await client.post("/api/tasks/bulk", json={"operations": operations})

    assert answer.status_code == 200, answer.text
    created, updated, completed, deleted = answer.json()["results"]
    assert [each["status"] for each in (created, updated, completed, deleted)] == [201, 200, 200, 204]
    assert (updated["task"]["title"], completed["task"]["completed"], deleted["task"]) == (
        "first",
        True,
        None,
    )
    listed = (await client.get("/api/tasks", params={"sort_by": "title"})).json()["items"]
    assert [task["title"] for task in listed] == ["first", "four", "two"]


async def test_atomic_is_all_or_nothing(client: httpx.AsyncClient, tasks: list[Task]) -> None:
    seq = (await client.get("/api/sync", params={"since": 3})).json()["seq"]
    operations = [
        {"op": "create", "task": {"title": "four"}},
        {"op": "complete", "id": str(uuid4())},
        {"op": "delete", "id": tasks[0]["id"]},
    ]

    answer = await client.post("/api/tasks/bulk", json={"mode": "atomic", "operations": operations})

    assert (answer.status_code, answer.json()["code"]) == (404, "task-not-found")
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/operations/1"]
    assert len((await client.get("/api/tasks")).json()["items"]) == 3
    assert (await client.get("/api/sync", params={"since": 3})).json()["seq"] == seq


async def test_each_succeeds_or_is_refused_by_itself(client: httpx.AsyncClient, tasks: list[Task]) -> None:
    operations = [
        {"op": "create", "task": {"title": "four", "recurrence": "never"}},
        {"op": "update", "id": tasks[0]["id"], "patch": {"title": "first"}, "version": 7},
        {"op": "update", "id": tasks[1]["id"], "patch": {"tags": ["kept"], "category_id": str(uuid4())}},
        {"op": "complete", "id": tasks[2]["id"]},
    ]

    answer = await client.post("/api/tasks/bulk", json={"mode": "each", "operations": operations})

    results = answer.json()["results"]
    assert [each["status"] for each in results] == [422, 412, 422, 200]
    assert [each["problem"]["code"] for each in results[:3]] == [
        "invalid-recurrence",
        "stale",
        "unknown-category",
    ]
    assert (await client.get("/api/tags")).json()["items"] == []
    changes = (await client.get("/api/sync", params={"since": 3})).json()["changes"]
    assert [(change["seq"], change["id"]) for change in changes] == [(4, tasks[2]["id"])]


async def test_one_task_may_be_changed_several_times(client: httpx.AsyncClient, tasks: list[Task]) -> None:
    task_id = tasks[0]["id"]
    operations = [
        {"op": "update", "id": task_id, "patch": {"title": "first"}, "version": 1},
        {"op": "update", "id": task_id, "patch": {"title": "premier"}, "version": 2},
        {"op": "delete", "id": task_id},
    ]

    answer = await client.post("/api/tasks/bulk", json={"operations": operations})

    assert [each["status"] for each in answer.json()["results"]] == [200, 200, 204]


async def test_five_hundred_are_the_most(client: httpx.AsyncClient) -> None:
    operations = [{"op": "create", "task": {"title": f"Task {number}"}} for number in range(500)]

    accepted = await client.post("/api/tasks/bulk", json={"operations": operations})
    refused = await client.post("/api/tasks/bulk", json={"operations": [*operations, operations[0]]})
    empty = await client.post("/api/tasks/bulk", json={"operations": []})

    assert [answer.status_code for answer in (accepted, refused, empty)] == [200, 422, 422]
    listed = await client.get("/api/tasks", params={"include_total": "true", "limit": 1})
    assert listed.json()["total"] == 500


@pytest.mark.parametrize(
    ("operation", "pointer"),
    [
        ({"op": "explode"}, "/operations/0"),
        ({"op": "complete"}, "/operations/0/id"),
        ({"op": "create", "task": {"title": ""}}, "/operations/0/task/title"),
        ({"op": "create", "task": {"titel": "x"}}, "/operations/0/task/titel"),
    ],
)
async def test_a_malformed_operation_is_named(
    client_on_one_database: httpx.AsyncClient, operation: dict[str, Any], pointer: str
) -> None:
    answer = await client_on_one_database.post("/api/tasks/bulk", json={"operations": [operation]})

    assert answer.status_code == 422
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]
