from pathlib import Path

import pytest

from testbed.control_plane.artifacts.cache import made_once
from todoapp_operator.resource.user_error import UserError


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "todoapp-testbed"


def make(folder: Path) -> None:
    (folder / "etcd").touch()


def must_not_make(folder: Path) -> None:
    pytest.fail(f"{folder} was made")


def test_a_thing_is_made_once(cache: Path) -> None:
    first = made_once("etcd-3.6.5", make, pytest.fail)
    second = made_once("etcd-3.6.5", must_not_make, pytest.fail)

    assert first == second == cache / "etcd-3.6.5"
    assert [each.name for each in first.iterdir()] == ["etcd"]


def test_a_failure_leaves_nothing_that_looks_finished(cache: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise UserError("no disk")

    with pytest.raises(UserError, match="no disk"):
        made_once("etcd-3.6.5", fail, pytest.fail)

    again = made_once("etcd-3.6.5", make, pytest.fail)
    assert [each.name for each in again.iterdir()] == ["etcd"]


def test_a_cache_that_cannot_be_written_is_named(cache: Path) -> None:
    cache.write_text("not a folder")

    with pytest.raises(UserError) as refused:
        made_once("etcd-3.6.5", must_not_make, pytest.fail)

    assert str(refused.value).startswith(f"{cache} cannot be written (")
    assert "XDG_CACHE_HOME" in str(refused.value)
