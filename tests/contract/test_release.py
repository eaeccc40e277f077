"""A version that is released leaves behind what later ones are held to."""

import tomllib
from pathlib import Path

from testbed.app.rich_account import EXPORTS


def test_version_has_a_recorded_export() -> None:
    version = tomllib.loads(Path("pyproject.toml").read_text())["project"]["version"]

    assert (EXPORTS / f"{version}.json").is_file(), "`make record-export` makes one; commit it"
