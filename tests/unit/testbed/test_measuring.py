"""Which processes of tests are measured."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from testbed.measuring import CONFIGURATION, pytest_runtest_protocol


@pytest.mark.parametrize(("folder", "measured"), [("e2e", False), ("integration", True), ("unit", True)])
def test_only_journeys_start_processes_unmeasured(
    monkeypatch: pytest.MonkeyPatch, folder: str, measured: bool
) -> None:
    monkeypatch.setenv(CONFIGURATION, "how")
    item: Any = SimpleNamespace(path=Path(f"tests/{folder}/test_some.py").resolve())

    protocol = pytest_runtest_protocol(item)
    next(protocol)
    during = CONFIGURATION in os.environ
    assert next(protocol, "over") == "over"

    assert during is measured
    assert os.environ[CONFIGURATION] == "how"
