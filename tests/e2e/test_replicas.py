"""Two replicas of every process on one PostgreSQL do what one of each would."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import cycle
from random import Random

import httpx
import pytest
from sqlalchemy import select

from testbed.app.load import Account, Worker, account
from testbed.app.person import Change
from testbed.app.promises import (
    caught_up,
    continued_every_series_once,
    fired_every_reminder_once,
    is_seen_as_it_is,
    keeps_every_promise,
    settled,
    told_every_event_once_and_in_order,
)
from testbed.app.stack import Stack, running_stack, todoapp_file
from testbed.postgresql import PostgreSQL
from testbed.waiting import WAIT_TIMEOUT
from todoapp.kit.database import Database, col, open_database
from todoapp.messaging.outbox import OutboxEvent

REPLICAS = ("api-0", "api-1")
DOUBLED = [option for name in ("api", "notification", "recurrence") for option in ("--replicas", f"{name}=2")]
CLIENTS = 8
CHANGES = 200
LINES = 5


@pytest.fixture(scope="module")
def database_url(postgresql: PostgreSQL) -> Iterator[str]:
    with postgresql.database() as url:
        yield url


@pytest.fixture(scope="module")
def doubled(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    directory = tmp_path_factory.mktemp("replicas")
    with running_stack(todoapp_file(directory, database_url), directory, *DOUBLED) as running:
        yield running


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = open_database(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def anna(doubled: Stack) -> AsyncIterator[list[Account]]:
    """One person, as a client of either replica."""
    async with AsyncExitStack() as clients:
        here = await clients.enter_async_context(account(doubled.address(REPLICAS[0])))
        there = await clients.enter_async_context(elsewhere(here, doubled.address(REPLICAS[1])))
        yield [here, there]


@asynccontextmanager
async def elsewhere(person: Account, url: str) -> AsyncIterator[Account]:
    headers = person.http.headers
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=WAIT_TIMEOUT) as http:
        yield Account(http, url, person.token)


async def test_clients_of_all_replicas_get_every_change_once(
    doubled: Stack, anna: list[Account], database: Database
) -> None:
    """Clients of both work on one account; a WebSocket client of each hears every change, once."""
    random = Random(1)
    workers = [Worker(client, Random(random.random())) for client, _ in zip(cycle(anna), range(CLIENTS))]
    feeds: list[list[Change]] = [[] for _ in anna]
    watching = [asyncio.create_task(client.watch(feed)) for client, feed in zip(anna, feeds, strict=True)]

    def enough() -> bool:
        return sum(worker.ledger.acknowledged for worker in workers) >= CHANGES

    async with asyncio.TaskGroup() as group:
        for worker in workers:
            group.create_task(worker.work(until=enough))
    await settled(database)
    for client, feed in zip(anna, feeds, strict=True):
        await caught_up(client, feed)
    for task in watching:
        task.cancel()

    for worker in workers:
        await keeps_every_promise(worker)
    for client, feed in zip(anna, feeds, strict=True):
        await is_seen_as_it_is(client, feed)
    await told_every_event_once_and_in_order(database)
    await continued_every_series_once(database)
    await fired_every_reminder_once(database)
    await was_published_once(doubled, database)


async def test_replicas_do_not_overwrite_each_others_changes(anna: list[Account]) -> None:
    """Each client adds its lines to one text, and begins again when another was faster."""
    task = (await anna[0].insist("POST", "/api/tasks", {"title": "Shopping list"})).json()
    path = f"/api/tasks/{task['id']}"
    lines = {(number, turn) for number in range(CLIENTS) for turn in range(LINES)}

    async def add_lines(client: Account, number: int) -> None:
        for turn in range(LINES):
            while not await added(client, path, f"{number} {turn}"):
                pass

    async with asyncio.TaskGroup() as group:
        for client, number in zip(cycle(anna), range(CLIENTS)):
            group.create_task(add_lines(client, number))

    for client in anna:
        written = (await client.insist("GET", path)).json()
        assert sorted(written["description"].split("\n")) == sorted(f"{n} {turn}" for n, turn in lines)
        assert written["version"] == task["version"] + len(lines)


async def added(client: Account, path: str, line: str) -> bool:
    """Whether the line could be added to the text as this client had read it."""
    read = await client.insist("GET", path)
    text = read.json()["description"]
    answer = await client.http.patch(
        path,
        json={"description": f"{text}\n{line}" if text else line},
        headers={"If-Match": read.headers["etag"]},
    )
    assert answer.status_code in {200, 412}, answer.text
    return answer.is_success


async def was_published_once(doubled: Stack, database: Database) -> None:
    """Four relays, and yet each event was given to the broker in one attempt and lies there once."""
    async with database.read() as session:
        rows = (await session.execute(select(col(OutboxEvent.event_id), col(OutboxEvent.attempts)))).all()
    with sqlite3.connect(f"file:{doubled.state / 'sidecar.db'}?mode=ro", uri=True) as broker:
        bodies = broker.execute("SELECT json_extract(CAST(body AS TEXT), '$.id') FROM message")
        published = Counter(event_id for (event_id,) in bodies)

    assert {row.attempts for row in rows} == {1}
    assert published == Counter(str(row.event_id) for row in rows)
