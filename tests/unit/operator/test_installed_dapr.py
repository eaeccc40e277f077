"""What `todoappctl run --sidecar daprd` says of the Dapr that it finds."""

from pathlib import Path

import pytest

from todoapp_operator.commands.run.dapr import Dapr, installed_dapr
from todoapp_operator.resource.user_error import UserError

REMEDY = "; install Dapr by `dapr init --slim` and put ~/.dapr/bin on the PATH, or use `--sidecar embedded`."


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only one on the PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def program(file: Path, version: str) -> Path:
    file.write_text(f"#!/bin/sh\necho '{version}'\n")
    file.chmod(0o755)
    return file


@pytest.mark.parametrize("version", ["1.18.0", "1.18.3-rc.1", "2.0.1"])
def test_both_programs_are_found_in_one_folder(folder: Path, version: str) -> None:
    daprd, scheduler = (program(folder / name, version) for name in ("daprd", "scheduler"))

    assert installed_dapr() == Dapr(daprd, scheduler)


def test_daprd_has_to_be_on_the_path(folder: Path) -> None:
    assert refusal() == f"daprd is not on the PATH{REMEDY}"


@pytest.mark.parametrize(("version", "said"), [("1.17.4", "1.17.4"), ("edge", "edge"), ("", "nothing")])
def test_an_old_daprd_is_named_with_its_version(folder: Path, version: str, said: str) -> None:
    daprd = program(folder / "daprd", version)

    assert refusal() == f"{daprd} is too old: it calls itself {said}, and 1.18 is needed{REMEDY}"


def test_an_unusable_daprd_is_named(folder: Path) -> None:
    daprd = folder / "daprd"
    daprd.write_bytes(b"\x00")
    daprd.chmod(0o755)

    assert refusal() == f"{daprd} cannot be run (Exec format error){REMEDY}"


def test_a_daprd_needs_its_scheduler(folder: Path) -> None:
    program(folder / "daprd", "1.18.3")

    assert refusal() == (
        f"{folder / 'scheduler'} is missing, Dapr's scheduler that wakes us for reminders{REMEDY}"
    )


def refusal() -> str:
    with pytest.raises(UserError) as refused:
        installed_dapr()
    return str(refused.value)
