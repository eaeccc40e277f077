"""How tests are shared out among workers."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from testbed.workers import workers_on

GROUPS = """
import pytest

@pytest.fixture(scope="session")
def part(group_parts):
    print("part starts")
    group_parts.callback(print, "part ends")

def test_before():
    print("test before")

@pytest.mark.xdist_group("some")
def test_one(part):
    print("test one")

@pytest.mark.xdist_group("some")
def test_two(part):
    print("test two")

def test_after():
    print("test after")
"""


@pytest.mark.parametrize(("cores", "workers"), [(1, 3), (2, 4), (4, 6), (64, 6)])
def test_more_workers_than_cores_up_to_six(cores: int, workers: int) -> None:
    assert workers_on(cores) == workers


def test_a_shared_part_ends_with_its_group(tmp_path: Path) -> None:
    """Here in one process, with the marks that workers of pytest-xdist see."""
    (tmp_path / "test_groups.py").write_text(GROUPS)
    options = ["-p", "testbed.workers", "-p", "no:cacheprovider", "--quiet", "--capture=no"]

    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(tmp_path)],
        env=os.environ | {"PYTHONPATH": "tests", "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout
    assert re.findall(r"part starts|part ends|test \w+", done.stdout) == [
        "test before",
        "part starts",
        "test one",
        "test two",
        "part ends",
        "test after",
    ]
