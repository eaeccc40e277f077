from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from todoapp_sidecar.broker import Broker, Claim, Group, Message, Settlement
from todoapp_sidecar.store import Store
from todoapp_sidecar.wakeups import Wakeups


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store(tmp_path / "state.db") as opened:
        yield opened


@pytest.fixture
def broker(store: Store) -> Broker:
    return Broker(store, Wakeups(), retention_seconds=3600)


@pytest.fixture
async def group(broker: Broker) -> Group:
    return await broker.join("tasks", "api", ephemeral=False, oldest=True)


def message(body: str, key: str | None = None) -> Message:
    return Message("tasks", body.encode(), key, {"partitionKey": key or ""}, "")


def bodies(*claims: Claim) -> list[list[str]]:
    return [[each.body.decode() for each in claim.messages] for claim in claims]


async def claimed(broker: Broker, group: Group, *, lanes: int = 10, messages: int = 100) -> list[Claim]:
    claims, _ = await broker.claim(group, lanes=lanes, messages=messages)
    return list(claims)


async def test_a_lane_has_the_messages_of_a_key_in_order(broker: Broker, group: Group) -> None:
    await broker.publish([message("a1", "a"), message("b1", "b"), message("a2", "a"), message("free")])

    assert sorted(bodies(*await claimed(broker, group))) == [["a1", "a2"], ["b1"], ["free"]]


async def test_a_claimed_lane_has_one_owner(broker: Broker, group: Group) -> None:
    await broker.publish([message("a1", "a")])
    [claim] = await claimed(broker, group)
    await broker.publish([message("a2", "a")])

    assert await claimed(broker, group) == []
    await broker.settle([Settlement(claim, handled=claim.messages[0].position, due_in=0)])
    assert bodies(*await claimed(broker, group)) == [["a2"]]


async def test_a_postponed_lane_waits_and_counts(broker: Broker, group: Group) -> None:
    await broker.publish([message("a1", "a"), message("a2", "a")])
    [claim] = await claimed(broker, group)

    await broker.settle([Settlement(claim, attempts=1, due_in=3600)])
    claims, due_at = await broker.claim(group, lanes=1, messages=1)
    assert claims == ()
    assert due_at is not None


async def test_a_released_lane_starts_where_it_was(broker: Broker, group: Group) -> None:
    await broker.publish([message("a1", "a"), message("a2", "a")])
    [claim] = await claimed(broker, group)
    await broker.settle([Settlement(claim, attempts=2, due_in=0)])

    [again] = await claimed(broker, group)
    assert again.attempts == 2
    assert bodies(again) == [["a1", "a2"]]


async def test_losing_the_lease_is_reported(broker: Broker, group: Group) -> None:
    await broker.publish([message("a1", "a")])
    [claim] = await claimed(broker, group)
    done = Settlement(claim, handled=claim.messages[0].position, due_in=0)

    assert await broker.settle([done])
    assert not await broker.settle([done])


async def test_a_dead_letter_is_published_with_the_settlement(broker: Broker, group: Group) -> None:
    letters = await broker.join("dead", "api", ephemeral=False, oldest=True)
    await broker.publish([message("a1", "a")])
    [claim] = await claimed(broker, group)
    [poison] = claim.messages

    letter = Message("dead", poison.body, "a", poison.metadata, poison.traceparent)
    await broker.settle([Settlement(claim, poison.position, due_in=0, dead_letters=(letter,))])

    assert bodies(*await claimed(broker, letters)) == [["a1"]]
    assert await claimed(broker, group) == []


@pytest.mark.parametrize(("oldest", "heard"), [(True, [["early", "late"]]), (False, [["late"]])])
async def test_a_new_group_starts_at_oldest_or_newest(
    broker: Broker, oldest: bool, heard: list[list[str]]
) -> None:
    await broker.publish([message("early", "a")])
    group = await broker.join("tasks", "new", ephemeral=False, oldest=oldest)
    await broker.publish([message("late", "a")])

    assert bodies(*await claimed(broker, group)) == heard


async def test_every_group_gets_everything(broker: Broker, group: Group) -> None:
    other = await broker.join("tasks", "notification", ephemeral=False, oldest=True)
    await broker.publish([message("a1", "a")])

    assert bodies(*await claimed(broker, group)) == bodies(*await claimed(broker, other)) == [["a1"]]


async def test_only_what_all_groups_handled_goes_after_the_retention(store: Store) -> None:
    broker = Broker(store, Wakeups(), retention_seconds=0)
    group = await broker.join("tasks", "api", ephemeral=False, oldest=True)
    await broker.publish([message("done", "a"), message("pending", "b")])
    done = next(each for each in await claimed(broker, group) if bodies(each) == [["done"]])
    await broker.settle([Settlement(done, done.messages[0].position, due_in=0)])

    await broker.tidy()

    late = await broker.join("tasks", "late", ephemeral=False, oldest=True)
    assert bodies(*await claimed(broker, late)) == [["pending"]]


async def test_an_unused_group_is_deleted_after_the_retention(store: Store) -> None:
    gone = await Broker(store, Wakeups(), retention_seconds=0).join(
        "tasks", "x", ephemeral=False, oldest=True
    )

    await Broker(store, Wakeups(), retention_seconds=0).tidy()

    again = await Broker(store, Wakeups(), retention_seconds=0).join(
        "tasks", "x", ephemeral=False, oldest=True
    )
    assert again.id != gone.id
