"""Sixteen clients of one person at once: every request is answered, and no change overwrites another."""

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any

import httpx
import pytest

from testbed.app.load import Account, account
from testbed.app.stack import Stack

Task = dict[str, Any]

CLIENTS = 16
ROUNDS = 4
OF_A_BULK = 6


@pytest.fixture
async def anna(stack: Stack) -> AsyncIterator[Account]:
    async with account(stack.url) as anna:
        yield anna


async def test_parallel_clients_of_one_account_get_no_server_error(anna: Account) -> None:
    """They create, edit, complete and list tasks, one by one and in bulk, as fast as they can."""
    shared = await _asked(anna, "POST", "/api/tasks", {"title": "Everybody's"}, HTTPStatus.CREATED)

    async with asyncio.TaskGroup() as group:
        for number in range(CLIENTS):
            group.create_task(_work(anna, number, shared["id"]))

    tasks = await anna.all_of("/api/tasks")
    assert len(tasks) == 1 + CLIENTS * ROUNDS * (1 + OF_A_BULK)
    assert {each["title"]: each["completed"] for each in tasks} == {
        "Everybody's": False,
        **{f"{number}, {turn}": True for number in range(CLIENTS) for turn in range(ROUNDS)},
        **{
            f"{number}, {turn}, {part}": part % 2 == 0
            for number in range(CLIENTS)
            for turn in range(ROUNDS)
            for part in range(OF_A_BULK)
        },
    }
    everybodys = await _asked(anna, "GET", f"/api/tasks/{shared['id']}", None, HTTPStatus.OK)
    assert everybodys["version"] == shared["version"] + CLIENTS * ROUNDS


async def test_of_parallel_changes_of_one_version_one_succeeds(anna: Account) -> None:
    task = await _asked(anna, "POST", "/api/tasks", {"title": "Contested"}, HTTPStatus.CREATED)
    for version in range(1, ROUNDS + 1):
        answers = await asyncio.gather(
            *(
                anna.http.patch(
                    f"/api/tasks/{task['id']}",
                    json={"description": f"{version} by {number}"},
                    headers={"If-Match": f'"{version}"'},
                )
                for number in range(CLIENTS)
            )
        )

        assert sorted(answer.status_code for answer in answers) == [
            HTTPStatus.OK,
            *[HTTPStatus.PRECONDITION_FAILED] * (CLIENTS - 1),
        ]


async def _work(anna: Account, number: int, shared_id: str) -> None:
    """One client's rounds; in each it touches a task of its own, some in bulk, and the task of all."""
    for turn in range(ROUNDS):
        own = await _asked(anna, "POST", "/api/tasks", {"title": f"{number}, {turn}"}, HTTPStatus.CREATED)
        await _asked(anna, "POST", f"/api/tasks/{own['id']}/complete", None, HTTPStatus.OK)
        edit = {"description": f"{number} was here in round {turn}"}
        await _asked(anna, "PATCH", f"/api/tasks/{shared_id}", edit, HTTPStatus.OK)
        created = await _bulk(
            anna,
            [{"op": "create", "task": {"title": f"{number}, {turn}, {part}"}} for part in range(OF_A_BULK)],
        )
        await _bulk(anna, [{"op": "complete", "id": each["task"]["id"]} for each in created[::2]])
        await _bulk(
            anna,
            [{"op": "update", "id": each["task"]["id"], "patch": {"priority": "high"}} for each in created],
        )
        await _asked(anna, "GET", "/api/tasks?sort_by=priority&status=open", None, HTTPStatus.OK)


async def _bulk(anna: Account, operations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    answer = await _asked(anna, "POST", "/api/tasks/bulk", {"operations": operations}, HTTPStatus.OK)
    results: list[dict[str, Any]] = answer["results"]
    return results


async def _asked(anna: Account, method: str, path: str, body: object, status: HTTPStatus) -> Task:
    answer: httpx.Response = await anna.http.request(method, path, json=body)
    assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
    content: Task = answer.json()
    return content
