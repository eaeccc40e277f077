import pytest

from todoapp_operator.controller.leader import Times


@pytest.mark.parametrize(("lease", "others"), [(15, (10, 2, 4)), (3, (2, 0.4, 0.8))])
def test_times_keep_the_proportions_of_client_go(lease: int, others: tuple[float, ...]) -> None:
    times = Times(lease)

    assert (times.renew, times.retry, times.attempt) == pytest.approx(others)


def test_lease_lasts_15_seconds_by_default() -> None:
    assert Times() == Times(15)
