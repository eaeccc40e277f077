"""The hub: waking the followers of one user."""

import asyncio
from uuid import uuid4

import pytest
from prometheus_client import Gauge

from todoapp.processes.api.hub import Hub


@pytest.fixture
def hub() -> Hub:
    return Hub(Gauge("clients", "Clients of a test", registry=None))


async def test_a_change_announced_before_the_wait_ends_it(hub: Hub) -> None:
    owner = uuid4()
    with hub.following(owner) as follower:
        hub.tell(owner, 7)

        await follower.change_after(6, at_most=60)


async def test_only_a_newer_change_of_the_same_user_wakes(hub: Hub) -> None:
    owner = uuid4()
    with hub.following(owner) as follower:
        waiting = asyncio.create_task(follower.change_after(7, at_most=60))
        for user_id, seq in ((owner, 7), (uuid4(), 8), (owner, 3)):
            hub.tell(user_id, seq)
            await asyncio.sleep(0)
        assert not waiting.done()

        hub.tell(owner, 8)
        await waiting


async def test_a_wait_ends_without_an_announcement(hub: Hub) -> None:
    with hub.following(uuid4()) as follower:
        await follower.change_after(0, at_most=0.01)
