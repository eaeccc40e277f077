"""No acknowledged change is lost or doubled while processes are killed."""

import asyncio
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from random import Random, randrange

import psutil
import pytest

from testbed.app.load import Worker, account
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
from testbed.postgresql import PostgreSQL, running_postgresql
from testbed.waiting import eventually
from todoapp.kit.database import Database, open_database

KILLS = int(os.environ.get("TODOAPP_TEST_KILLS", "200"))
SEED = int(os.environ.get("TODOAPP_TEST_SEED", "0")) or randrange(1, 2**31)
ACCOUNTS = 8
CLIENTS = 16
VICTIMS = ["api", "notification", "recurrence", "sidecar"]
POSTGRESQL_SHARE = 0.05
MOST_BETWEEN = 40
"""Changes that are acknowledged between two kills; half of all kills follow the one before at once."""
OUTAGE_SECONDS = 240
"""Enough for the slowest machine to restart a killed process."""


@pytest.fixture(scope="module")
def own_postgresql() -> Iterator[PostgreSQL]:
    """A server that may be killed: nobody else uses it, and what it commits it keeps."""
    with running_postgresql(options="") as server:
        server.create("todo")
        yield server


@pytest.fixture(scope="module")
def own_stack(own_postgresql: PostgreSQL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    directory = tmp_path_factory.mktemp("crashes")
    file = todoapp_file(directory, own_postgresql.url("todo"))
    with running_stack(file, directory) as running:
        yield running


@pytest.fixture
async def own_database(own_postgresql: PostgreSQL) -> AsyncIterator[Database]:
    opened = open_database(own_postgresql.url("todo"))
    yield opened
    await opened.close()


@dataclass
class Killer:
    """Kills one running part after another, at any moment of its life, while `workers` get on with theirs."""

    stack: Stack
    postgresql: PostgreSQL
    workers: Sequence[Worker]
    random: Random
    killed: Counter[str] = field(default_factory=Counter)

    @property
    def acknowledged(self) -> int:
        """How many changes were acknowledged so far."""
        return sum(worker.ledger.acknowledged for worker in self.workers)

    def done(self) -> bool:
        return self.killed.total() >= KILLS

    async def kill_until_done(self) -> None:
        while not self.done():
            await self._let_them_work()
            if self.random.random() < POSTGRESQL_SHARE:
                await asyncio.to_thread(self._restart_postgresql)
            else:
                await asyncio.to_thread(self._kill_a_process)

    async def _let_them_work(self) -> None:
        """Wait for work rather than for time, so that a slow machine is not killed before it has begun."""
        enough = self.acknowledged + max(0, self.random.randint(-MOST_BETWEEN, MOST_BETWEEN))

        async def worked() -> bool:
            return self.acknowledged >= enough

        await eventually(worked, what="changes are acknowledged between kills", seconds=OUTAGE_SECONDS)

    def _restart_postgresql(self) -> None:
        self.postgresql.kill()
        self.postgresql.start()
        self.killed["postgresql"] += 1

    def _kill_a_process(self) -> None:
        name = self.random.choice(VICTIMS)
        # One that is down already is not a kill.
        with suppress(psutil.NoSuchProcess):
            self.stack.kill(name)
            self.killed[name] += 1


@pytest.mark.timeout(1800)
async def test_nothing_acknowledged_is_lost_or_doubled(
    own_stack: Stack, own_postgresql: PostgreSQL, own_database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    random = Random(SEED)
    async with AsyncExitStack() as resources:
        accounts = [await resources.enter_async_context(account(own_stack.url)) for _ in range(ACCOUNTS)]
        workers = [Worker(accounts[each % ACCOUNTS], Random(random.random())) for each in range(CLIENTS)]
        killer = Killer(own_stack, own_postgresql, workers, random)
        feeds: list[list[Change]] = [[] for _ in accounts]
        watching = [asyncio.create_task(each.watch(feed)) for each, feed in zip(accounts, feeds, strict=True)]

        async with asyncio.TaskGroup() as group:
            group.create_task(killer.kill_until_done())
            for worker in workers:
                group.create_task(worker.work(until=killer.done))
        await settled(own_database)
        for user, feed in zip(accounts, feeds, strict=True):
            await caught_up(user, feed)
        for task in watching:
            task.cancel()

        with capsys.disabled():
            # The figures that this test is for, where also a worker of `pytest -n` can show them.
            figures = f"{killer.acknowledged} changes acknowledged, killed {dict(killer.killed)}"
            print(f"\nseed {SEED}: {figures}", file=sys.stderr)  # noqa: T201
        for worker in workers:
            await keeps_every_promise(worker)
        for user, feed in zip(accounts, feeds, strict=True):
            await is_seen_as_it_is(user, feed)
    await told_every_event_once_and_in_order(own_database)
    await continued_every_series_once(own_database)
    await fired_every_reminder_once(own_database)
