"""`make pulumi-preview` is for people who have the pulumi command, and tells everybody else how to get it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from testbed.pulumi.program import STACKS


def make(*arguments: str, path: Path) -> subprocess.CompletedProcess[str]:
    program = shutil.which("make")
    assert program is not None
    environment = {"PATH": str(path), "HOME": str(path)}
    return subprocess.run([program, *arguments], env=environment, capture_output=True, text=True)


def test_a_missing_pulumi_command_is_reported_in_one_sentence(tmp_path: Path) -> None:
    answer = make("pulumi-preview", path=tmp_path)

    assert answer.returncode != 0
    assert answer.stdout == ""
    assert answer.stderr.splitlines()[0] == (
        "The pulumi command is missing; https://www.pulumi.com/docs/install tells how to get it."
    )


@pytest.mark.parametrize("stack", STACKS)
def test_a_preview_checks_our_rules(stack: str, tmp_path: Path) -> None:
    planned = make("--dry-run", "pulumi-preview", f"STACK={stack}", path=tmp_path)

    assert f"cd pulumi && pulumi preview --stack {stack} --policy-pack policy" in planned.stdout
