"""Programs that check compose files and workflows as strictly as Docker and GitHub do."""

from pathlib import Path

import pytest

from testbed.control_plane.artifacts.cache import Report
from testbed.control_plane.artifacts.go_modules import GoTool

__all__ = ["actionlint", "compose_go"]

PINS = Path(__file__).with_name("tools")

ACTIONLINT = GoTool(
    "actionlint",
    module="github.com/rhysd/actionlint",
    package="github.com/rhysd/actionlint/cmd/actionlint",
    pinned_by=PINS / "actionlint",
    cpu_minutes=0.5,
)
COMPOSE_GO = GoTool(
    "compose-go",
    module="github.com/compose-spec/compose-go/v2",
    package="github.com/compose-spec/compose-go/v2/cmd",
    pinned_by=PINS / "compose-go",
    cpu_minutes=0.5,
)


@pytest.fixture(scope="session")
def actionlint(report: Report) -> Path:
    return ACTIONLINT.built(report)


@pytest.fixture(scope="session")
def compose_go(report: Report) -> Path:
    """Compose's own reader of its files."""
    return COMPOSE_GO.built(report)
