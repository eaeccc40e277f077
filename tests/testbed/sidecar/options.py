"""Options to run the contract suite of Dapr's HTTP API against a sidecar that already runs."""

import pytest

__all__ = ["pytest_addoption"]


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("sidecar", "the contract tests of Dapr's HTTP API")
    group.addoption("--sidecar-url", help="address of a running sidecar (default: start the embedded one)")
    group.addoption(
        "--sidecar-app-port", type=int, help="the app port of that sidecar; the tests listen there"
    )
