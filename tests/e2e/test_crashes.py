"""Nothing that was acknowledged is lost or doubled, whatever is killed meanwhile."""

import asyncio
import os
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from random import Random, randrange
from typing import Any

import pytest
from sqlalchemy import func, select

from testbed.load import Account, Worker, account
from testbed.person import Change
from testbed.postgresql import PostgreSQL, running_postgresql
from testbed.stack import Stack, running_stack, todoapp_file
from testbed.waiting import eventually
from todoapp.activity.model import ActivityLog
from todoapp.database import Database, open_database
from todoapp.messaging.event import Topic
from todoapp.messaging.outbox import OutboxEvent
from todoapp.notifications.model import Notification
from todoapp.reminders.model import Reminder, ReminderStatus
from todoapp.tasks.model import Task

KILLS = int(os.environ.get("TODOAPP_TEST_KILLS", "200"))
SEED = int(os.environ.get("TODOAPP_TEST_SEED", "0")) or randrange(1, 2**31)
ACCOUNTS = 8
CLIENTS = 16
VICTIMS = ["api", "notification", "recurrence", "sidecar"]
POSTGRESQL_SHARE = 0.05
SETTLE_SECONDS = 180
PATHS = {
    "task": "/api/tasks",
    "tag": "/api/tags",
    "reminder": "/api/reminders",
    "notification": "/api/notifications",
}


@pytest.fixture(scope="module")
def own_postgresql() -> Iterator[PostgreSQL]:
    """A server that may be killed: nobody else uses it, and what it commits it keeps."""
    with running_postgresql(options="") as server:
        server.create("todo")
        yield server


@pytest.fixture(scope="module")
def own_stack(own_postgresql: PostgreSQL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    directory = tmp_path_factory.mktemp("crashes")
    with running_stack(todoapp_file(directory, own_postgresql.url("todo")), directory) as running:
        yield running


@pytest.fixture
async def own_database(own_postgresql: PostgreSQL) -> AsyncIterator[Database]:
    opened = open_database(own_postgresql.url("todo"))
    yield opened
    await opened.close()


@dataclass
class Killer:
    """Kills one running part after another, at any moment of its life."""

    stack: Stack
    postgresql: PostgreSQL
    random: Random
    killed: Counter[str] = field(default_factory=Counter)

    def done(self) -> bool:
        return self.killed.total() >= KILLS

    async def rage(self) -> None:
        while not self.done():
            if self.random.random() < POSTGRESQL_SHARE:
                await asyncio.to_thread(self._restart_postgresql)
            else:
                self._kill_a_process()
            await asyncio.sleep(self.random.uniform(0, 1.5))

    def _restart_postgresql(self) -> None:
        self.postgresql.kill()
        self.postgresql.start()
        self.killed["postgresql"] += 1

    def _kill_a_process(self) -> None:
        name = self.random.choice(VICTIMS)
        # One that is down already is not a kill.
        with suppress(ProcessLookupError):
            self.stack.kill(name)
            self.killed[name] += 1


@pytest.mark.timeout(1800)
async def test_nothing_acknowledged_is_lost_or_doubled(
    own_stack: Stack, own_postgresql: PostgreSQL, own_database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    random = Random(SEED)
    killer = Killer(own_stack, own_postgresql, random)
    async with AsyncExitStack() as resources:
        accounts = [await resources.enter_async_context(account(own_stack.url)) for _ in range(ACCOUNTS)]
        workers = [Worker(accounts[each % ACCOUNTS], Random(random.random())) for each in range(CLIENTS)]
        feeds: list[list[Change]] = [[] for _ in accounts]
        watching = [asyncio.create_task(each.watch(feed)) for each, feed in zip(accounts, feeds, strict=True)]

        async with asyncio.TaskGroup() as group:
            group.create_task(killer.rage())
            for worker in workers:
                group.create_task(worker.work(until=killer.done))
        await settled(own_database)
        for each, feed in zip(accounts, feeds, strict=True):
            await caught_up(each, feed)
        for task in watching:
            task.cancel()

        with capsys.disabled():
            acknowledged = sum(worker.ledger.acknowledged for worker in workers)
            print(f"\nseed {SEED}: {acknowledged} changes acknowledged, killed {dict(killer.killed)}")  # noqa: T201 - the figures that this test is for
        for worker in workers:
            await keeps_every_promise(worker)
        for each, feed in zip(accounts, feeds, strict=True):
            await is_seen_as_it_is(each, feed)
    await told_every_event_once_and_in_order(own_database)
    await continued_every_series_once(own_database)
    await fired_every_reminder_once(own_database)


async def settled(database: Database) -> None:
    """Wait until no event waits to be published or handled, and no reminder to fire."""
    events = select(func.count()).where(OutboxEvent.topic == Topic.TASK_EVENTS.value).scalar_subquery()
    unpublished = select(func.count()).where(OutboxEvent.published_at.is_(None)).scalar_subquery()
    logged = select(func.count()).select_from(ActivityLog).scalar_subquery()
    due = (
        select(func.count())
        .where(Reminder.status == ReminderStatus.SCHEDULED, Reminder.due_at <= func.now())
        .scalar_subquery()
    )

    async def nothing_waits() -> bool:
        async with database.read() as session:
            return not any((await session.execute(select(events - logged, unpublished, due))).one())

    await eventually(nothing_waits, what="all events handled, all reminders fired", seconds=SETTLE_SECONDS)


async def caught_up(person: Account, feed: list[Change]) -> None:
    """Wait until the WebSocket client has heard of the newest change."""
    newest = (await person.insist("GET", "/api/sync")).json()["seq"]

    async def heard_the_newest() -> bool:
        return bool(feed) and feed[-1]["seq"] >= newest

    await eventually(heard_the_newest, what="the WebSocket client has heard everything")


async def keeps_every_promise(worker: Worker) -> None:
    """Every task is as it was last acknowledged; what was deleted is gone."""
    tasks = {task["id"]: task for task in await worker.account.all_of("/api/tasks")}
    for promised in worker.ledger.tasks.values():
        task = tasks[promised["id"]]
        for name in ("title", "description", "completed", "completed_at", "recurrence", "tags", "created_at"):
            assert task[name] == promised[name], f"{name} of {promised['id']}"
        assert [each["id"] for each in task["reminders"]] == [each["id"] for each in promised["reminders"]]
    assert not worker.ledger.deleted & tasks.keys()


async def is_seen_as_it_is(person: Account, feed: list[Change]) -> None:
    """A client that only listened has heard every change once, and knows what the database says."""
    assert [change["seq"] for change in feed] == list(range(1, len(feed) + 1))
    seen: dict[str, dict[str, Any]] = {"task": {}, "tag": {}, "reminder": {}, "notification": {}}
    for change in feed:
        if change["action"] == "deleted":
            seen[change["entity"]].pop(change["id"], None)
        else:
            seen[change["entity"]][change["id"]] = change["value"]
    for entity, path in PATHS.items():
        stored = {each["id"]: each for each in await person.all_of(path)}
        assert seen[entity].keys() == stored.keys(), entity
        for key, value in seen[entity].items():
            assert value == {name: stored[key][name] for name in value}, entity


async def told_every_event_once_and_in_order(database: Database) -> None:
    async with database.read() as session:
        recorded = await session.scalars(
            select(OutboxEvent.event_id).where(OutboxEvent.topic == Topic.TASK_EVENTS.value)
        )
        heard = (
            await session.execute(
                select(ActivityLog.event_id, ActivityLog.task_id, ActivityLog.snapshot).order_by(
                    ActivityLog.id
                )
            )
        ).all()
    assert Counter(recorded) == Counter(row.event_id for row in heard)
    versions: dict[object, list[int]] = defaultdict(list)
    for row in heard:
        versions[row.task_id].append(row.snapshot["version"])
    for task_id, heard_versions in versions.items():
        assert heard_versions == sorted(heard_versions), task_id


async def continued_every_series_once(database: Database) -> None:
    async with database.read() as session:
        tasks = (await session.scalars(select(Task).where(Task.series_id.is_not(None)))).all()
    successors = Counter(task.parent_task_id for task in tasks if task.parent_task_id)
    finished = [task.id for task in tasks if task.completed]
    assert {task_id: successors[task_id] for task_id in finished} == dict.fromkeys(finished, 1)
    open_occurrences = Counter(task.series_id for task in tasks if not task.completed)
    assert set(open_occurrences.values()) <= {1}


async def fired_every_reminder_once(database: Database) -> None:
    async with database.read() as session:
        triggered = await session.scalars(
            select(Reminder.id).where(Reminder.status == ReminderStatus.TRIGGERED)
        )
        notified = Counter(await session.scalars(select(Notification.reminder_id)))
    assert set(notified.values()) <= {1}
    assert set(triggered) <= notified.keys()
