"""Threads and turns for long work."""

import asyncio
import threading
from contextlib import AsyncExitStack

import pytest

from todoapp.features.accounts import passwords
from todoapp.kit.errors import TooManyRequests, Unavailable
from todoapp.kit.pools import Places, Pool, Turns


class Busy(Unavailable):
    def __init__(self) -> None:
        super().__init__("Busy.")


class Running(TooManyRequests):
    def __init__(self) -> None:
        super().__init__("Running.")


async def test_full_pool_does_not_delay_another() -> None:
    slow, others, release = Pool("slow", 1), Pool("others", 1), threading.Event()
    waiting = [asyncio.create_task(slow.run(release.wait)) for _ in range(3)]

    assert await others.run(lambda: threading.current_thread().name) == "others_0"

    release.set()
    await asyncio.gather(*waiting)


async def test_cancelled_work_that_waits_is_not_begun() -> None:
    pool, release, begun = Pool("pool", 1), threading.Event(), list[str]()
    first = asyncio.create_task(pool.run(release.wait))
    second = asyncio.create_task(pool.run(begun.append, "second"))
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.wait([second])
    release.set()
    await first
    await pool.run(begun.append, "third")

    assert begun == ["third"]


async def test_passwords_are_hashed_while_the_default_threads_are_taken() -> None:
    release, loop = threading.Event(), asyncio.get_running_loop()
    taken = [loop.run_in_executor(None, release.wait) for _ in range(40)]

    assert await passwords.verify_password("correct horse", await passwords.hash_password("correct horse"))

    release.set()
    await asyncio.gather(*taken)


async def test_passwords_are_hashed_four_at_a_time() -> None:
    names = await asyncio.gather(
        *(passwords._threads.run(lambda: threading.current_thread().name) for _ in range(20))
    )

    assert passwords._threads._threads._max_workers == 4
    assert len(set(names)) <= 4


async def test_work_without_a_turn_is_refused() -> None:
    turns = Turns(2, Busy, patience=0)

    async with AsyncExitStack() as others:
        for _ in range(2):
            await others.enter_async_context(turns.taken())
        with pytest.raises(Busy):
            async with turns.taken():
                pass
    async with turns.taken():
        pass


def test_user_has_one_place() -> None:
    places = Places(2, Busy, Running)

    with places.taken_by("ada"), places.taken_by("ben"):
        with pytest.raises(Running), places.taken_by("ada"):
            pass
        with pytest.raises(Busy), places.taken_by("cyd"):
            pass
    with places.taken_by("ada"):
        pass
