import pytest

from testbed.workers import workers_on


@pytest.mark.parametrize(("cores", "workers"), [(1, 3), (2, 4), (4, 6), (64, 6)])
def test_more_workers_than_cores_up_to_six(cores: int, workers: int) -> None:
    assert workers_on(cores) == workers
