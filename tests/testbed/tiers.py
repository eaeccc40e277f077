"""Two tiers: what only needs this repository is fast; everything else is marked `system`.

`make test-fast` runs the first tier on SQLite, while somebody works on a change; `make test` runs both, on
both databases.
"""

import pytest

from testbed.workers import SHARED, STACKS

__all__ = ["pytest_addoption", "pytest_collection_modifyitems", "pytest_configure"]

DATABASES = {"sqlite", "postgresql"}
BUILT = "report"
"""Every fixture that may have to build a program asks for this one, to say so."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database", choices=sorted(DATABASES), help="leave out what needs the other one (default: both)"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "system: starts whole TodoApps, clusters, brokers or built programs")


@pytest.hookimpl(tryfirst=True)  # pytest looks for the mark in the same hook
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if STACKS in item.path.parents or not {BUILT, *SHARED}.isdisjoint(_fixtures(item)):
            item.add_marker(pytest.mark.system)
    if config.option.database:
        others = DATABASES - {config.option.database}
        left_out = [item for item in items if _needs(item, others)]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]


def _needs(item: pytest.Item, databases: set[str]) -> bool:
    """Whether a test runs on one of these databases: by a parameter, or by a server that it asks for."""
    call = getattr(item, "callspec", None)
    parameters = call.params.values() if call else ()
    return any(
        name in databases
        for name in (*_fixtures(item), *(each for each in parameters if isinstance(each, str)))
    )


def _fixtures(item: pytest.Item) -> tuple[str, ...]:
    return tuple(getattr(item, "fixturenames", ()))
