import subprocess
import sys
import time
from pathlib import Path

import pytest

from testbed.control_plane.artifacts.cache import builds_since, made_once
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


def test_cost_of_a_build_is_kept(cache: Path) -> None:
    before = time.time()

    made_once("etcd-3.6.5", lambda _: use_a_core(), pytest.fail)
    made_once("etcd-3.6.5", must_not_make, pytest.fail)

    [build] = builds_since(before)
    assert build.name == "etcd-3.6.5"
    assert build.cpu_seconds >= 0.2
    assert builds_since(time.time() + 1) == []


def use_a_core() -> None:
    program = "import time\nwhile time.process_time() < 0.2: pass"
    subprocess.run([sys.executable, "-c", program], check=True)
