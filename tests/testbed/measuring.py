"""What coverage.py sees of the processes that tests start."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

__all__ = ["CONFIGURATION", "MEASURED", "pytest_runtest_protocol", "unmeasured"]

_JOURNEYS = Path("tests/e2e").resolve()
"""What these tests start runs little that others do not run: docs/adr/0038 has the figures."""

CONFIGURATION = "COVERAGE_PROCESS_CONFIG"
"""By this variable coverage.py measures every process that a measured one starts."""

MEASURED = CONFIGURATION in os.environ
"""Whether this process is measured."""


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Let journeys start their processes unmeasured, those of shared parts too."""
    configuration = os.environ.get(CONFIGURATION)
    if configuration is None or not item.path.is_relative_to(_JOURNEYS):
        return (yield)
    del os.environ[CONFIGURATION]
    try:
        return (yield)
    finally:
        os.environ[CONFIGURATION] = configuration


def unmeasured() -> dict[str, str]:
    """The environment for a process that is not to be measured, or that measures itself."""
    return {name: value for name, value in os.environ.items() if name != CONFIGURATION}
