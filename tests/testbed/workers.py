"""How the tests are shared out among the worker processes of `pytest -n`."""

import os
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

import pytest

__all__ = [
    "SHARED",
    "STACKS",
    "group_parts",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_xdist_auto_num_workers",
    "workers_on",
]

WAITING, MOST = 2, 6

SHARED = ("cluster", "kafka", "large_database_url", "node", "stacks")
"""Fixtures that take too long to be made by more than one worker."""
LONGEST = ("cluster", "node", "test_crashes", "stacks")
"""Groups that take many minutes, the longest first: one that starts late is left alone at the end."""
STACKS = Path("tests/e2e").resolve()
"""Tests here start a whole TodoApp for their module, or use the one of the fixture `stack`."""


def workers_on(cores: int) -> int:
    """How many workers keep so many cores busy.

    Those with the big groups mostly wait for leases, pods and brokers. Each brings a PostgreSQL of its own,
    hence at most six.
    """
    return min(cores + WAITING, MOST)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """What `--numprocesses=auto` means; `logical` stays one for each core."""
    return workers_on(os.cpu_count() or 1) if config.option.numprocesses == "auto" else None


@pytest.hookimpl(wrapper=True, tryfirst=True)  # pytest-xdist reads the groups in the same hook
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> Generator[None, object, object]:
    """Keep tests that share something big on one worker, and start them first: they take longest.

    Raises:
        RuntimeError: pytest-xdist does not keep them together, as with a pytest that it does not know yet.
    """
    shared = getattr(config.option, "loadgroup", False)  # only workers know it
    groups = {item: group for item in items if (group := _group(item))} if shared else {}
    for item, group in groups.items():
        item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: _place(groups.get(item)))
    result = yield
    for item in items:  # those that were chosen
        if (group := groups.get(item)) and not item.nodeid.endswith(f"@{group}"):
            raise RuntimeError(f"pytest-xdist does not keep {item.nodeid} in the group {group}.")
    return result


def _place(group: str | None) -> int:
    if group is None:
        return len(LONGEST) + 1
    return LONGEST.index(group) if group in LONGEST else len(LONGEST)


def _group(item: pytest.Item) -> str | None:
    fixtures = getattr(item, "fixturenames", ())
    for name in SHARED:
        if name in fixtures:
            return name
    if STACKS not in item.path.parents:
        return None
    return "stack" if "stack" in fixtures else item.path.stem


class GroupParts:
    """Ends what a group shares after the last test of the group, rather than with the run.

    Servers that nobody asks any more would take a fifth of the machine from the tests that follow. A group
    comes to its worker in one piece; without groups everything ends with the run.
    """

    def __init__(self) -> None:
        self.open = ExitStack()

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_teardown(self, item: pytest.Item, nextitem: pytest.Item | None) -> None:
        if (group := _marked(item)) and (nextitem is None or _marked(nextitem) != group):
            self.open.close()

    def pytest_sessionfinish(self) -> None:
        self.open.close()


def _marked(item: pytest.Item) -> str | None:
    mark = item.get_closest_marker("xdist_group")
    return mark.args[0] if mark else None


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(GroupParts(), "group-parts")


@pytest.fixture(scope="session")
def group_parts(pytestconfig: pytest.Config) -> ExitStack:
    """What is entered here is left after the last test of the group that asks for it."""
    parts = pytestconfig.pluginmanager.get_plugin("group-parts")
    assert isinstance(parts, GroupParts)
    return parts.open
