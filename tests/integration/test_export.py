"""Taking one's data along: `GET /api/me/export`."""

from contextlib import AsyncExitStack
from typing import Any

import httpx
import orjson
from fastapi import FastAPI
from sqlalchemy import insert
from sqlalchemy.pool import AsyncAdaptedQueuePool

from testbed.app.application import Clock, user_id_of
from testbed.app.deliveries import Deliveries, Envelope
from testbed.app.exchange import exchange
from todoapp.features.notifications.model import Notification
from todoapp.features.personal_data.document import Export
from todoapp.features.personal_data.export import PAGE, export
from todoapp.kit.database import new_id
from todoapp.kit.pools import Places, Turns
from todoapp.processes.runtime import Runtime

Json = dict[str, Any]


async def exported(client: httpx.AsyncClient) -> Json:
    answer = await client.get("/api/me/export")
    assert answer.status_code == 200, answer.text
    document: Json = answer.json()
    return document


async def listed(client: httpx.AsyncClient, path: str) -> list[Json]:
    items: list[Json] = (await client.get(path)).json()["items"]
    return items


async def test_the_document_holds_everything_as_the_api_shows_it(
    client: httpx.AsyncClient, stranger: httpx.AsyncClient, history: list[Envelope], deliveries: Deliveries
) -> None:
    await deliveries.settle()
    await client.post("/api/tasks", json={"title": "Sorted", "tags": ["home", "now"]})
    await client.post("/api/categories", json={"name": "Work", "colour": "#112233"})
    await stranger.post("/api/tasks", json={"title": "Not yours", "tags": ["private"]})

    document = await exported(client)

    assert document["format"] == "todoapp-export/1"
    assert document["exported_at"] == "2027-03-03T08:00:10Z"
    assert document["profile"] == (await client.get("/api/me")).json()
    assert document["tags"] == await listed(client, "/api/tags")
    assert document["categories"] == await listed(client, "/api/categories")
    assert document["notifications"] == (await listed(client, "/api/notifications"))[::-1]
    assert by_id(document["activity"]) == by_id(await listed(client, "/api/activity-logs"))
    shown = by_id(await listed(client, "/api/tasks?status=all"))
    assert by_id(document["tasks"]).keys() == shown.keys()
    for task in document["tasks"]:
        same = {name: value for name, value in shown[task["id"]].items() if name in task}
        assert {**task, **same} == task
        assert task.keys() - same.keys() == {"series_start", "scheduled_for"}
    assert "Not yours" not in str(document)


async def test_the_document_fits_its_description(
    client: httpx.AsyncClient, history: list[Envelope], deliveries: Deliveries
) -> None:
    await deliveries.settle()
    document = await exported(client)

    assert orjson.loads(Export.model_validate(document).model_dump_json()) == document
    [series_start] = {task["series_start"] for task in document["tasks"] if task["recurrence"]}
    assert series_start == "2027-03-08T09:00:00"


async def test_an_export_is_a_file_to_save(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/me/export")

    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-disposition"] == 'attachment; filename="todoapp-export-2027-03-03.json"'
    assert [name for name, part in answer.json().items() if part == []] == [
        "categories",
        "tags",
        "tasks",
        "notifications",
        "activity",
    ]


async def test_many_pages_make_one_document(client: httpx.AsyncClient, runtime: Runtime) -> None:
    count = 2 * PAGE + 1
    rows = [
        {
            "id": new_id(),
            "user_id": await user_id_of(client),
            "kind": "reminder",
            "message": f"{number}",
            "created_at": runtime.now(),
        }
        for number in range(count)
    ]
    async with runtime.database.write() as session:
        await session.execute(insert(Notification), rows)

    told = (await exported(client))["notifications"]

    assert sorted(int(each["message"]) for each in told) == list(range(count))


async def test_the_document_shows_one_moment(
    client: httpx.AsyncClient, runtime: Runtime, clock: Clock
) -> None:
    await client.post("/api/tasks", json={"title": "Before"})
    pieces = export(runtime.database, await user_id_of(client), now=clock.now)
    document = await anext(pieces)

    await client.post("/api/tasks", json={"title": "During"})

    document += b"".join([piece async for piece in pieces])
    assert [task["title"] for task in orjson.loads(document)["tasks"]] == ["Before"]


async def test_a_few_are_written_at_a_time(client: httpx.AsyncClient, api: FastAPI) -> None:
    turns: Turns = api.state.export_work.turns
    turns.patience = 0

    async with AsyncExitStack() as others:
        for _ in range(turns.at_once):
            await others.enter_async_context(turns.taken())
        busy = await client.get("/api/me/export")

    assert (busy.status_code, busy.json()["code"], busy.headers["retry-after"]) == (503, "exports-busy", "5")
    assert (await client.get("/api/me/export")).status_code == 200


async def test_user_has_one_export_at_a_time(
    client: httpx.AsyncClient, stranger: httpx.AsyncClient, api: FastAPI
) -> None:
    places: Places = api.state.export_work.places

    with places.taken_by(await user_id_of(client)):
        second, of_another = await client.get("/api/me/export"), await stranger.get("/api/me/export")

    assert (second.status_code, second.json()["code"], second.headers["retry-after"]) == (
        429,
        "export-running",
        "5",
    )
    assert of_another.status_code == 200
    assert (await client.get("/api/me/export")).status_code == 200


async def test_unread_export_holds_no_connection(
    client: httpx.AsyncClient, api: FastAPI, runtime: Runtime
) -> None:
    places: Places = api.state.export_work.places
    await client.post("/api/tasks", json={"title": "Pay the rent"})

    async with exchange(api, client, "GET", "/api/me/export") as reader:
        reader.send(b"", last=True)
        await reader.status()
        holders, connections = set(places.users), checked_out(runtime)
        document = await reader.rest()

    assert (holders, connections) == ({await user_id_of(client)}, 0)
    assert [task["title"] for task in orjson.loads(document)["tasks"]] == ["Pay the rent"]
    assert not places.users


async def test_reader_who_leaves_ends_the_export(
    client: httpx.AsyncClient, api: FastAPI, runtime: Runtime
) -> None:
    async with exchange(api, client, "GET", "/api/me/export") as reader:
        reader.send(b"", last=True)
        await reader.status()

    assert (api.state.export_work.places.users, api.state.scratch.used) == (set(), 0)


async def test_export_without_room_on_disk_is_refused(client: httpx.AsyncClient, api: FastAPI) -> None:
    api.state.scratch.most = 0

    answer = await client.get("/api/me/export")

    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (
        503,
        "scratch-full",
        "60",
    )
    assert api.state.scratch.used == 0


def checked_out(runtime: Runtime) -> int:
    """Connections that something in this process holds."""
    pool = runtime.database.engine.pool
    assert isinstance(pool, AsyncAdaptedQueuePool)
    return pool.checkedout()


def by_id(items: list[Json]) -> dict[str, Json]:
    return {each["id"]: each for each in items}
