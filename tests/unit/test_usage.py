"""Counting what a user has, up to a limit."""

import pytest

from todoapp.kit.settings import Quotas, Settings
from todoapp.kit.usage import Counted, QuotaExceeded, Usage


def usage(number: int, limit: int) -> Usage:
    return Usage(dict.fromkeys(Counted, number), {Counted.TASKS: limit})


def test_the_last_one_within_the_limit_is_counted() -> None:
    counted = usage(9, 10)

    counted.add(Counted.TASKS)

    assert counted.numbers[Counted.TASKS] == 10
    with pytest.raises(QuotaExceeded, match="You may have 10 tasks at most"):
        counted.add(Counted.TASKS)
    assert counted.numbers[Counted.TASKS] == 10


@pytest.mark.parametrize("what", Counted)
def test_zero_and_a_missing_limit_limit_nothing(what: Counted) -> None:
    for counted in (Usage(limits={what: 0}), Usage()):
        counted.add(what, 10**9)
        counted.require_room_for_next()

        assert counted.numbers[what] == 10**9


def test_deleting_is_allowed_above_the_limit() -> None:
    counted = usage(20, 10)

    counted.add(Counted.TASKS, -1)

    assert counted.numbers[Counted.TASKS] == 19


def test_next_occurrences_have_a_tenth_of_the_limit() -> None:
    usage(110, 100).require_room_for_next()

    with pytest.raises(QuotaExceeded):
        usage(111, 100).require_room_for_next()


def test_limit_of_text_is_in_mib() -> None:
    assert Settings(quotas=Quotas(stored_mib=2)).limits[Counted.BYTES] == 2 << 20
