"""Token buckets: how much is let through, and when there is room again."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import Request
from hypothesis import given, settings
from hypothesis import strategies as st

from testbed.app.application import Clock
from todoapp.processes.api.rate_limits import Quota, RateLimited, RateLimiter, origin_of

MINUTE = timedelta(minutes=1)


def limiter(clock: Clock, limit: int) -> RateLimiter:
    return RateLimiter(Quota("requests", limit, MINUTE), clock)


def let_through(limited: RateLimiter, key: str = "ada") -> int:
    """How many requests pass at this moment."""
    passed = 0
    while True:
        try:
            limited.take(key)
        except RateLimited:
            return passed
        passed += 1


@settings(deadline=None)
@given(limit=st.integers(min_value=1, max_value=500))
def test_a_quota_is_used_up_and_back_after_its_window(limit: int) -> None:
    clock = Clock()
    limited = limiter(clock, limit)

    assert let_through(limited) == limit
    clock.now += MINUTE
    assert let_through(limited) == limit


@settings(deadline=None)
@given(limit=st.integers(min_value=1, max_value=60), waited=st.integers(min_value=0, max_value=60))
def test_quota_refills_evenly(limit: int, waited: int) -> None:
    clock = Clock()
    limited = limiter(clock, limit)
    let_through(limited)

    clock.advance(seconds=waited)

    assert let_through(limited) in {limit * waited // 60, limit * waited // 60 + 1}


@settings(deadline=None)
@given(
    limit=st.integers(min_value=1, max_value=60),
    waits=st.lists(
        st.tuples(st.integers(min_value=1, max_value=20), st.integers(min_value=0, max_value=120))
    ),
)
def test_no_pause_saves_up_more_than_a_quota(limit: int, waits: list[tuple[int, int]]) -> None:
    clock = Clock()
    limited = limiter(clock, limit)
    for requests, pause in waits:
        for _ in range(requests):
            with suppress(RateLimited):
                limited.take("ada")
        clock.advance(seconds=pause)

    assert let_through(limited) <= limit


def test_the_remaining_quota_is_reported() -> None:
    limited = limiter(Clock(), 60)
    told = [limited.take("ada") for _ in range(2)]

    assert [each.fields for each in told if each] == [
        {"RateLimit-Policy": '"requests";q=60;w=60', "RateLimit": '"requests";r=59;t=1'},
        {"RateLimit-Policy": '"requests";q=60;w=60', "RateLimit": '"requests";r=58;t=2'},
    ]


def test_a_refusal_says_when_to_retry() -> None:
    clock = Clock()
    limited = limiter(clock, 6)
    let_through(limited)
    clock.advance(seconds=3)

    with pytest.raises(RateLimited) as refused:
        limited.take("ada")

    assert str(refused.value) == "Too many requests: at most 6 in 60 s; try again in 7 s."
    clock.advance(seconds=7)
    assert limited.take("ada") is not None


def test_keys_do_not_share_a_bucket() -> None:
    limited = limiter(Clock(), 2)
    let_through(limited, "ada")

    assert let_through(limited, "ben") == 2


def test_zero_means_unlimited() -> None:
    limited = limiter(Clock(), 0)

    assert [limited.take("ada") for _ in range(1000)] == [None] * 1000


def test_clock_set_back_does_not_block_users() -> None:
    clock = Clock()
    limited = limiter(clock, 2)
    let_through(limited)

    clock.now = datetime(2027, 1, 1, tzinfo=UTC)

    assert let_through(limited) == 2


@pytest.mark.parametrize(
    ("client", "origin"),
    [
        (("198.51.100.7", 443), "198.51.100.7"),
        (("2001:db8:1:2:3:4:5:6", 443), "2001:db8:1:2::/64"),
        (("/run/todoapp.sock", 0), "/run/todoapp.sock"),
        (None, ""),
    ],
)
def test_the_origin_of_a_request_is_a_subscribers_network(
    client: tuple[str, int] | None, origin: str
) -> None:
    assert origin_of(Request({"type": "http", "client": client})) == origin
