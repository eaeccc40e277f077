"""The work queue's promises, for every order of events that Hypothesis thinks of."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from todoapp_operator.controller.work_queue import WorkQueue
from todoapp_operator.kube.backoff import BackOff

KEYS = st.sampled_from("abc")
NO_WAIT = BackOff(first=0, longest=0)


class QueueMachine(RuleBasedStateMachine):
    """What a producer and several workers do, beside a model of what has to be worked on."""

    def __init__(self) -> None:
        super().__init__()
        self.queue: WorkQueue[str] = WorkQueue(NO_WAIT)
        self.owed: set[str] = set()
        self.at_work: set[str] = set()

    @rule(key=KEYS)
    def add(self, key: str) -> None:
        self.queue.add(key)
        self.owed.add(key)

    @precondition(lambda self: self.owed - self.at_work)
    @rule()
    def get(self) -> None:
        key = asyncio.run(self.queue.get())
        assert key in self.owed
        assert key not in self.at_work
        self.owed.remove(key)
        self.at_work.add(key)

    @precondition(lambda self: self.at_work)
    @rule(data=st.data())
    def done(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.at_work)))
        self.queue.done(key)
        self.at_work.remove(key)

    @invariant()
    def waits_once_whatever_is_owed_and_not_at_work(self) -> None:
        assert len(self.queue) == len(self.owed - self.at_work)


TestQueue = QueueMachine.TestCase


@given(st.integers(1, 10_000), st.floats(0.01, 10), st.floats(10, 1000), st.floats(0, 1))
def test_a_delay_grows_to_its_limit_plus_jitter(
    failures: int, first: float, longest: float, jitter: float
) -> None:
    wait = BackOff(first, longest, jitter).after(failures)

    plain = BackOff(first, longest, jitter=0).after(failures)
    assert min(first, longest) <= plain <= longest
    assert plain <= wait <= plain * (1 + jitter)
    assert plain <= BackOff(first, longest, jitter=0).after(failures + 1)


async def test_the_oldest_key_is_first() -> None:
    queue: WorkQueue[str] = WorkQueue(NO_WAIT)
    for key in "bca":
        queue.add(key)

    assert [await queue.get() for _ in range(3)] == ["b", "c", "a"]


async def test_a_waiting_worker_gets_the_next_key() -> None:
    queue: WorkQueue[str] = WorkQueue(NO_WAIT)
    waiting = [asyncio.create_task(queue.get()) for _ in range(2)]
    await asyncio.sleep(0)

    queue.add("a")
    queue.add("b")

    assert sorted(await asyncio.gather(*waiting)) == ["a", "b"]


async def test_an_event_comes_before_a_scheduled_retry() -> None:
    queue: WorkQueue[str] = WorkQueue(BackOff(first=0.01, longest=0.01))
    patient: WorkQueue[str] = WorkQueue(BackOff(first=3600, longest=3600))

    queue.retry("a")
    patient.retry("a")
    patient.add("a")

    assert await queue.get() == "a"
    assert await patient.get() == "a"


async def test_failures_in_a_row_wait_longer_until_a_success() -> None:
    queue: WorkQueue[str] = WorkQueue(BackOff(first=100, longest=1000, jitter=0))

    waits = [queue.retry("a"), queue.retry("a"), queue.retry("b"), queue.retry("a")]
    queue.succeeded("a")
    waits.append(queue.retry("a"))
    queue.close()

    assert waits == [100, 200, 100, 400, 100]


async def test_a_closed_queue_adds_nothing_by_itself() -> None:
    queue: WorkQueue[str] = WorkQueue(NO_WAIT)
    queue.add_after("a", 0)

    queue.close()
    await asyncio.sleep(0.01)

    assert len(queue) == 0


@pytest.mark.parametrize(("first", "second"), [(3600, 0), (0, 3600)])
async def test_of_two_times_the_earlier_counts(first: float, second: float) -> None:
    queue: WorkQueue[str] = WorkQueue(NO_WAIT)

    queue.add_after("a", first)
    queue.add_after("a", second)

    assert await queue.get() == "a"
    queue.done("a")
    assert len(queue) == 0
