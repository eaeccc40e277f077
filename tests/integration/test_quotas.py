"""How much a user may have: every way of making something counts, and counters are repaired."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import update

from testbed.app.application import JWT_SECRET, SEALING_KEY, Clock, logged_in
from testbed.app.deliveries import Deliveries
from todoapp.features.accounts.model import User
from todoapp.kit.database import Database
from todoapp.kit.settings import Quotas, Settings
from todoapp.processes.api.app import create_api
from todoapp.processes.runtime import Runtime

Json = dict[str, Any]

QUOTAS = Quotas(tasks=3, tags=2, stored_mib=1, tokens=1, webhooks=1, channels=1)
LONG = "é" * 10_000
"""Twenty thousand bytes, of which fifty-two are a MiB"""


@pytest.fixture
async def small_api(database_url: str, clock: Clock) -> AsyncIterator[FastAPI]:
    """An api whose users may have little."""
    settings = Settings(
        database_url=database_url,
        jwt_secret=JWT_SECRET,
        sealing_key=SEALING_KEY,
        dapr_http_port=1,
        access_token_minutes=10**6,
        allow_private_destinations=True,
        quotas=QUOTAS,
    )
    runtime = await Runtime.assemble(settings, "api", now=clock)
    yield create_api(runtime)
    await runtime.close()


@pytest.fixture
async def owner(small_api: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with logged_in(small_api) as owner:
        yield owner


async def used(owner: httpx.AsyncClient) -> dict[str, int]:
    quotas = (await owner.get("/api/me/quotas")).json()
    return {name: each["used"] for name, each in quotas.items() if each["used"]}


async def add_task(owner: httpx.AsyncClient, **fields: object) -> httpx.Response:
    return await owner.post("/api/tasks", json={"title": "Rent", **fields})


def is_refused(answer: httpx.Response) -> bool:
    return (answer.status_code, answer.json().get("code")) == (409, "quota-exceeded")


async def test_every_way_to_make_a_task_counts(owner: httpx.AsyncClient) -> None:
    many = {"operations": [{"op": "create", "task": {"title": "Rent"}}] * 4}
    export = {
        "format": "todoapp-export/1",
        "tasks": [{"id": f"01980000-0000-7000-8000-00000000000{n}", "title": "Rent"} for n in range(4)],
    }

    refused = [
        await owner.post("/api/tasks/bulk", json=many),
        await owner.post("/api/import", json=export),
        await owner.post("/api/import?dry_run=true", json=export),
    ]
    before = await used(owner)
    each = (await owner.post("/api/tasks/bulk", json=many | {"mode": "each"})).json()["results"]
    refused += [
        await add_task(owner),
        await owner.post("/api/tasks/quick", json={"text": "Rent"}),
        await owner.post("/api/import", json=export),
    ]

    assert before == {}
    assert [result["status"] for result in each] == [201, 201, 201, 409]
    assert list(map(is_refused, refused)) == [True] * 6
    assert refused[0].json()["errors"][0]["pointer"] == "/operations/3"
    assert refused[3].json()["detail"] == (
        "You may have 3 tasks at most; delete some first. GET /api/me/quotas shows all limits."
    )
    assert await used(owner) == {"tasks": 3, "bytes": 12}


async def test_deleting_makes_room(owner: httpx.AsyncClient) -> None:
    tasks = [(await add_task(owner, tags=["home", "bank"])).json() for _ in range(3)]
    await owner.delete(f"/api/tasks/{tasks[0]['id']}")
    await owner.delete(f"/api/tags/{tasks[0]['tags'][0]['id']}")

    assert await used(owner) == {"tasks": 2, "tags": 1, "bytes": 8}
    assert (await add_task(owner, tags=["home", "flat"])).status_code == 201


async def test_tags_and_categories_count_wherever_they_are_named(owner: httpx.AsyncClient) -> None:
    task = (await add_task(owner, tags=["home"])).json()
    await owner.post("/api/categories", json={"name": "Bank"})

    refused = [
        await add_task(owner, tags=["one more"]),
        await owner.post("/api/tags", json={"name": "one more"}),
        await owner.post("/api/categories", json={"name": "one more"}),
        await owner.patch(f"/api/tasks/{task['id']}", json={"tags": ["one more"]}),
        await owner.post(f"/api/tasks/{task['id']}/tags", json={"name": "one more"}),
        await owner.post("/api/tasks/quick", json={"text": "Rent #more"}),
    ]

    assert list(map(is_refused, refused)) == [True] * 6
    assert await used(owner) == {"tasks": 1, "tags": 2, "bytes": 4}


async def test_text_is_counted_when_tasks_change(owner: httpx.AsyncClient, database: Database) -> None:
    task = (await add_task(owner, description=LONG)).json()
    path = f"/api/tasks/{task['id']}"
    async with database.write() as session:
        await session.execute(update(User).values(used_bytes=(1 << 20) - 8))

    grown = await owner.patch(path, json={"description": LONG + "123456789"})
    replaced = await owner.put(path, json={"title": "Rents", "description": LONG + "12345678"})
    shrunk = await owner.patch(path, json={"description": ""})

    assert list(map(is_refused, (grown, replaced))) == [True, True]
    assert shrunk.status_code == 200
    assert (await used(owner))["bytes"] == (1 << 20) - 8 - len(LONG.encode())


async def test_tokens_webhooks_and_channels_count(owner: httpx.AsyncClient) -> None:
    new: dict[str, Json] = {
        "tokens": {"name": "Script", "scopes": ["read"]},
        "webhooks": {"url": "https://example.com/", "event_types": ["task.created"]},
        "channels": {"name": "Phone", "url": "json://example.com/"},
    }
    made = {kind: await owner.post(f"/api/{kind}", json=body) for kind, body in new.items()}
    assert [answer.status_code for answer in made.values()] == [201] * 3
    assert await used(owner) == dict.fromkeys(new, 1)

    assert all([is_refused(await owner.post(f"/api/{kind}", json=body)) for kind, body in new.items()])
    for kind, answer in made.items():
        await owner.delete(f"/api/{kind}/{answer.json()['id']}")
    assert await used(owner) == {}


async def test_next_occurrence_comes_above_the_limit(
    owner: httpx.AsyncClient, deliveries: Deliveries
) -> None:
    """It must not be lost. When too many came, finishing another is refused, so that its series stays."""
    rent = {"due_date": "2027-03-31", "recurrence": "monthly"}
    open_tasks = [(await add_task(owner, **rent)).json() for _ in range(3)]

    finished = await owner.post(f"/api/tasks/{open_tasks[0]['id']}/complete")
    await deliveries.settle()
    refused = [
        await owner.post(f"/api/tasks/{open_tasks[1]['id']}/complete"),
        await owner.post(f"/api/tasks/{open_tasks[1]['id']}/skip-occurrence"),
        await owner.patch(f"/api/tasks/{open_tasks[1]['id']}", json={"completed": True}),
    ]

    assert finished.status_code == 200
    assert list(map(is_refused, refused)) == [True] * 3
    assert (await used(owner))["tasks"] == 4
    found = (await owner.get("/api/tasks", params={"status": "open"})).json()["items"]
    assert len(found) == 3


async def test_taking_back_a_completion_takes_back_what_came_of_it(
    owner: httpx.AsyncClient, deliveries: Deliveries
) -> None:
    rent = (await add_task(owner, due_date="2027-03-31", recurrence="monthly")).json()
    await owner.post(f"/api/tasks/{rent['id']}/complete")
    await deliveries.settle()
    assert await used(owner) == {"tasks": 2, "bytes": 8}

    await owner.post(f"/api/tasks/{rent['id']}/reopen")

    assert await used(owner) == {"tasks": 1, "bytes": 4}


async def test_quotas_show_use_and_limit(client: httpx.AsyncClient, owner: httpx.AsyncClient) -> None:
    await add_task(owner)

    assert (await owner.get("/api/me/quotas")).json() == {
        "tasks": {"used": 1, "limit": 3},
        "tags": {"used": 0, "limit": 2},
        "bytes": {"used": 4, "limit": 1 << 20},
        "tokens": {"used": 0, "limit": 1},
        "webhooks": {"used": 0, "limit": 1},
        "channels": {"used": 0, "limit": 1},
    }
    defaults = (await client.get("/api/me/quotas")).json()
    assert {name: each["limit"] for name, each in defaults.items()} == {
        "tasks": 100_000,
        "tags": 1000,
        "bytes": 500 << 20,
        "tokens": 100,
        "webhooks": 20,
        "channels": 20,
    }


async def test_wrong_counters_are_repaired(
    owner: httpx.AsyncClient, deliveries: Deliveries, database: Database
) -> None:
    await add_task(owner, description=LONG, tags=["home"])
    await owner.post("/api/tokens", json={"name": "Script", "scopes": ["read"]})
    right = await used(owner)
    wrong = {"used_tasks": 7, "used_tags": 0, "used_bytes": 0, "used_tokens": 5, "used_webhooks": 1}
    async with database.write() as session:
        await session.execute(update(User).values(**wrong))
    assert await used(owner) != right

    await deliveries.retain("counters")

    assert await used(owner) == right == {"tasks": 1, "tags": 1, "bytes": 20_004, "tokens": 1}
