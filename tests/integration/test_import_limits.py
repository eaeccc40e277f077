"""Imports of any size, many at a time, and of clients that leave."""

from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from functools import partial
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest
from fastapi import FastAPI
from sqlalchemy import event

from testbed.app.exchange import Exchange, exchange
from testbed.app.statements import statements_of
from testbed.waiting import eventually
from todoapp.processes.api.transfer import BATCH, ImportWork
from todoapp.processes.runtime import Runtime

Json = dict[str, Any]

EXPORT = {"content_type": "application/json"}
CSV = {"content_type": "text/csv"}
FORMAT = "todoapp-export/1"


def ids(number: int) -> list[str]:
    return [str(uuid4()) for _ in range(number)]


def document(task_ids: list[str], **changed: Any) -> bytes:
    tasks = [{"id": task_id, "title": f"Task {number}"} for number, task_id in enumerate(task_ids)]
    return orjson.dumps({"format": FORMAT, "categories": [], "tags": [], "tasks": tasks} | changed)


async def send(
    client: httpx.AsyncClient, content: bytes, media_type: str = "application/json", **parameters: Any
) -> httpx.Response:
    return await client.post(
        "/api/import", content=content, params=parameters, headers={"content-type": media_type}
    )


async def number_of_tasks(client: httpx.AsyncClient) -> int:
    return len((await client.get("/api/me/export")).json()["tasks"])


@contextmanager
def commits_of(runtime: Runtime) -> Iterator[list[None]]:
    """The transactions that are committed in the block."""
    commits: list[None] = []

    def note(_connection: object) -> None:
        commits.append(None)

    event.listen(runtime.database.engine.sync_engine, "commit", note)
    try:
        yield commits
    finally:
        event.remove(runtime.database.engine.sync_engine, "commit", note)


async def test_export_of_any_size_is_written_in_batches(client: httpx.AsyncClient, runtime: Runtime) -> None:
    content = document(ids(2 * BATCH + 1)) + b" " * (11 << 20)  # more than files of other programs may have

    with commits_of(runtime) as commits:
        answer = await send(client, content)

    assert answer.status_code == 200, answer.text
    assert (answer.json()["created"], len(answer.json()["entries"])) == (2 * BATCH + 1, 2 * BATCH + 1)
    assert len(commits) == 3
    assert await number_of_tasks(client) == 2 * BATCH + 1


async def test_interrupted_import_goes_on_when_it_is_repeated(
    client: httpx.AsyncClient, api: FastAPI
) -> None:
    content = document(ids(4 * BATCH))
    middle = len(content) * 2 // 3

    async with exchange(api, client, "POST", "/api/import", **EXPORT) as interrupted:
        interrupted.send(content[:middle])
        interrupted.send(b"")
        await eventually(lambda: has_taken(interrupted), what="the api asks for more")
    written = await number_of_tasks(client)
    repeated = (await send(client, content)).json()

    assert written == 2 * BATCH
    assert (repeated["present"], repeated["created"]) == (2 * BATCH, 2 * BATCH)
    assert await number_of_tasks(client) == 4 * BATCH


async def test_refusal_keeps_the_batches_before_it(client: httpx.AsyncClient) -> None:
    task_ids = ids(BATCH + 30)
    tasks = orjson.loads(document(task_ids))["tasks"]
    for task in tasks[BATCH:]:
        task["title"] = ""

    answer = await send(client, document([], tasks=tasks))

    problem = answer.json()
    assert (answer.status_code, problem["code"], len(problem["errors"])) == (422, "import-refused", 20)
    assert problem["detail"].startswith(
        "30 entries cannot be imported, so the import ended after the 500 entries before them; "
        "correct them and repeat it. At /tasks/500: title: "
    )
    assert await number_of_tasks(client) == BATCH


async def test_dry_run_of_a_large_export_is_refused(client: httpx.AsyncClient) -> None:
    answer = await send(client, document(ids(5_001)), dry_run=True)

    assert (answer.status_code, answer.json()["code"]) == (422, "unreadable-file")
    assert answer.json()["detail"].startswith("A dry run takes 5000 entries at most.")
    assert await number_of_tasks(client) == 0


async def test_batch_asks_only_for_what_it_names(client: httpx.AsyncClient, runtime: Runtime) -> None:
    """However many tasks an account has, an import of few reads few."""
    await send(client, document(ids(300)))

    with statements_of(runtime.database) as asked:
        answer = await send(client, document(ids(1)))

    reads = [each for each, _ in asked if each.startswith("SELECT") and "FROM tasks" in each]
    assert answer.json()["created"] == 1
    assert len(reads) == 2  # which ids are taken by others, and which are there
    assert all("series_id" in each for each in reads)


@pytest.mark.parametrize("headers", [EXPORT, CSV])
async def test_user_has_one_import_at_a_time(
    client: httpx.AsyncClient, stranger: httpx.AsyncClient, api: FastAPI, headers: dict[str, str]
) -> None:
    work: ImportWork = api.state.import_work
    async with exchange(api, client, "POST", "/api/import", **headers) as first:
        first.send(b"{" if headers is EXPORT else b"TYPE,CONTENT\n")
        await eventually(lambda: has_taken(first), what="the import is begun")
        second = await send(client, document(ids(1)))
        of_another = await send(stranger, document(ids(1)))

    assert (second.status_code, second.json()["code"], second.headers["retry-after"]) == (
        429,
        "import-running",
        "5",
    )
    assert of_another.status_code == 200
    assert not work.places.users
    assert (await send(client, document(ids(1)))).status_code == 200


@pytest.mark.parametrize("media_type", ["application/json", "text/csv"])
async def test_third_import_at_a_time_is_told_to_retry(
    client: httpx.AsyncClient, api: FastAPI, media_type: str
) -> None:
    work: ImportWork = api.state.import_work
    content = document(ids(1)) if media_type == "application/json" else b"TYPE,CONTENT\ntask,x\n"
    work.turns.patience = 0

    async with AsyncExitStack() as others:
        for _ in range(2):
            await others.enter_async_context(work.turns.taken())
        busy = await send(client, content, media_type)

    assert (busy.status_code, busy.json()["code"], busy.headers["retry-after"]) == (503, "imports-busy", "5")
    assert (await send(client, content, media_type)).json()["created"] == 1


async def test_slow_upload_takes_no_turn(
    client: httpx.AsyncClient, stranger: httpx.AsyncClient, api: FastAPI, runtime: Runtime
) -> None:
    work: ImportWork = api.state.import_work
    async with (
        exchange(api, client, "POST", "/api/import", **EXPORT) as slow,
        exchange(api, stranger, "POST", "/api/import", **CSV) as slower,
    ):
        slow.send(b'{"format": "todoapp-export/1", ')
        slower.send(b"TYPE,")
        for each in (slow, slower):
            await eventually(partial(has_taken, each), what="the import is begun")

        assert work.turns._free._value == 2
        assert runtime.database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]


async def test_client_that_leaves_stops_its_reader(client: httpx.AsyncClient, api: FastAPI) -> None:
    """The reader is a thread, which nothing can end but itself."""
    work: ImportWork = api.state.import_work
    rules = "".join(
        f"BEGIN:VTODO\nSUMMARY:x\nDUE:20270301T090000Z\n"
        f"RRULE:FREQ=DAILY;BYMONTH=2,4,6,9,11;BYMONTHDAY=31;BYSETPOS={number}\nEND:VTODO\n"
        for number in range(1, 367)
    )
    async with exchange(api, client, "POST", "/api/import", content_type="text/calendar") as leaving:
        leaving.send(f"BEGIN:VCALENDAR\n{rules}END:VCALENDAR\n".encode(), last=True)
        await eventually(lambda: reading(work), what="the file is read")

    await eventually(lambda: idle(work), what="the threads are free")
    assert not work.places.users
    assert work.turns._free._value == 2
    assert await number_of_tasks(client) == 0


async def has_taken(begun: Exchange) -> bool:
    return begun.everything_sent_was_taken


async def reading(work: ImportWork) -> bool:
    return work.turns._free._value < 2


async def idle(work: ImportWork) -> bool:
    return work.readers._threads._work_queue.empty() and work.readers._threads._idle_semaphore._value == len(
        work.readers._threads._threads
    )


async def test_label_that_was_renamed_stays_as_it_is(client: httpx.AsyncClient) -> None:
    tag = (await client.post("/api/tags", json={"name": "home"})).json()
    export = (await client.get("/api/me/export")).content
    await client.patch(f"/api/tags/{tag['id']}", json={"name": "house"})

    answer = await send(client, export)

    assert (answer.status_code, answer.json()["present"]) == (200, 1)
    assert [each["name"] for each in (await client.get("/api/tags")).json()["items"]] == ["house"]
