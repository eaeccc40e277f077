"""A test that leaves a task running on the loop of all tests fails."""

import os
import subprocess
import sys
from pathlib import Path

TESTS = """
import asyncio


async def test_forgetful():
    asyncio.create_task(asyncio.sleep(600), name="the forgotten one")


async def test_next():
    assert len(asyncio.all_tasks()) == 1
"""
ON_ONE_LOOP = (
    *("-o", "asyncio_mode=auto"),
    *("-o", "asyncio_default_fixture_loop_scope=session"),
    *("-o", "asyncio_default_test_loop_scope=session"),
)


def test_test_that_leaves_a_task_running_fails(tmp_path: Path) -> None:
    file = tmp_path / "test_tasks.py"
    file.write_text(TESTS)

    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "testbed.unfinished_tasks", *ON_ONE_LOOP, str(file)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path("tests").resolve())},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 1
    assert "2 passed, 1 error" in run.stdout
    assert "ERROR at teardown of test_forgetful" in run.stdout
    assert "The test left tasks running: <Task pending name='the forgotten one'" in run.stdout
