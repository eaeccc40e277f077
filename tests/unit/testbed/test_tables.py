import pytest

from testbed.tables import sample


@pytest.fixture(autouse=True)
def by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TODOAPP_TEST_EXHAUSTIVE", raising=False)


def test_sample_is_fixed_and_evenly_spaced() -> None:
    assert sample(range(100), 4) == [0, 25, 50, 75]


def test_small_table_runs_whole() -> None:
    assert sample("abc", 4) == "abc"


def test_every_row_runs_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TODOAPP_TEST_EXHAUSTIVE", "1")

    assert sample(range(100), 4) == range(100)
