"""The hub: waking the followers of one user."""

import asyncio
from uuid import UUID, uuid4

import pytest
from prometheus_client import Gauge

from todoapp.processes.api.hub import Hub, Told, TooManySockets


@pytest.fixture
def hub() -> Hub:
    return Hub(Gauge("clients", "Clients of a test", registry=None), read_nothing, most=2)


async def read_nothing(_user_id: UUID, _since: int) -> list[Told]:
    return []


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


async def test_a_user_has_only_so_many_followers_at_once(hub: Hub) -> None:
    owner = uuid4()
    with hub.following(owner), hub.following(uuid4()):
        with hub.following(owner), pytest.raises(TooManySockets), hub.following(owner):
            pass
        with hub.following(owner):
            pass


async def test_one_read_serves_all_followers_of_a_user() -> None:
    reads: list[int] = []

    async def read(_user_id: UUID, since: int) -> list[Told]:
        reads.append(since)
        await asyncio.sleep(0)
        return [Told(seq, "task", str(seq)) for seq in range(since + 1, 6)]

    async def allow() -> None:
        return None

    hub, owner = Hub(Gauge("clients", "Clients of a test", registry=None), read, most=0), uuid4()
    with hub.following(owner) as one, hub.following(owner) as other, hub.following(owner) as behind:
        pages = await asyncio.gather(*(each.changes_after(3, check=allow) for each in (one, other)))
        late = await behind.changes_after(1, check=allow)
        newest = await one.changes_after(4, check=allow)

    assert [[each.seq for each in page] for page in (*pages, late, newest)] == [
        [4, 5],
        [4, 5],
        [2, 3, 4, 5],
        [5],
    ]
    assert reads == [3, 1]
