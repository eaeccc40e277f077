"""The order of builds, and how others wait for them."""

import ast
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from testbed.build import FIRST, THEN, build
from testbed.control_plane.artifacts.cache import Report, made_once
from testbed.control_plane.artifacts.go_modules import GoTool
from testbed.waiting import wait_until
from todoapp_operator.resource.user_error import UserError

TESTS = Path("tests")
BUILDER = """
import sys, time
from pathlib import Path
from testbed.build import build
from testbed.control_plane.artifacts.cache import made_once

def etcd(report):
    def make(folder):
        print("building", flush=True)
        sys.stdin.read()
        (folder / "etcd").touch()

    made_once("etcd", make, report)

build([etcd], [], print)
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "todoapp-testbed"


def must_not_make(folder: Path) -> None:
    pytest.fail(f"{folder} was made")


def never(report: Report) -> None:
    pytest.fail("it was made")


def test_every_go_program_of_the_testbed_is_queued_once() -> None:
    queued = [owner.name for make in (*FIRST, *THEN) if isinstance(owner := owner_of(make), GoTool)]

    assert sorted(queued) == sorted(names_of_go_programs())


def test_things_are_made_in_order_until_one_fails() -> None:
    made: list[str] = []

    def fail(report: Report) -> None:
        raise UserError("no disk")

    with pytest.raises(UserError, match="no disk"):
        build([lambda _: made.append("etcd")], [lambda _: made.append("helm"), fail, never], pytest.fail)

    assert made == ["etcd", "helm"]


def test_others_wait_for_the_builder(cache: Path) -> None:
    said: list[str] = []
    with builder() as process:
        waiting = threading.Thread(target=lambda: made_once("etcd", must_not_make, said.append))
        waiting.start()
        wait_until(lambda: said, what="the other one waits")
        assert process.stdin
        process.stdin.close()
        waiting.join(timeout=30)

    assert said == ["waiting for etcd, which is built beside the tests"]
    assert (cache / "etcd" / "etcd").exists()


def test_after_a_killed_builder_others_build_themselves(cache: Path) -> None:
    with builder() as process:
        process.kill()
        process.wait()

        folder = made_once("etcd", lambda made: (made / "etcd").touch(), lambda _: None)

    assert [path.name for path in folder.iterdir()] == ["etcd"]


def test_a_second_builder_is_refused() -> None:
    with builder(), pytest.raises(UserError, match="Another process builds"):
        build([never], [], pytest.fail)


@contextmanager
def builder() -> Iterator[subprocess.Popen[str]]:
    """A process that builds etcd until its input ends."""
    command = [sys.executable, "-c", BUILDER]
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("PYTHONPATH", str(TESTS.resolve()))
        process = stack.enter_context(
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        )
        stack.callback(process.kill)
        assert process.stdout
        assert process.stdout.readline() == "building\n"
        yield process


def owner_of(make: object) -> object:
    return getattr(make, "__self__", None)


def names_of_go_programs() -> Iterator[str]:
    """The first argument of every call in the testbed that describes one."""
    for file in TESTS.rglob("testbed/**/*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                name = node.args[0] if node.args else None
                if node.func.id in {"GoTool", "kubernetes_tool"} and isinstance(name, ast.Constant):
                    yield str(name.value)
