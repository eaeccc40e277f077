"""How the tests are shared out among the worker processes of `pytest -n`."""

from pathlib import Path

import pytest

__all__ = ["pytest_collection_modifyitems"]

SHARED = ("cluster", "kafka", "large_database_url", "node", "stacks")
"""Fixtures that take too long to be made by more than one worker."""
STACKS = Path("tests/e2e").resolve()
"""Tests here start a whole TodoApp, mostly one for a module."""


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the groups in the same hook
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep tests that share something big on one worker, and begin with these, for they take longest."""
    if not hasattr(config, "workerinput"):
        return
    for item in items:
        if group := _group(item):
            item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)


def _group(item: pytest.Item) -> str | None:
    for name in SHARED:
        if name in getattr(item, "fixturenames", ()):
            return name
    return item.path.stem if STACKS in item.path.parents else None
