"""Prometheus' own reader of rules and expressions."""

from pathlib import Path

import pytest

from testbed.control_plane.artifacts.cache import Report
from testbed.control_plane.artifacts.go_modules import GoTool

__all__ = ["promtool"]

PROMTOOL = GoTool(
    "promtool",
    module="github.com/prometheus/prometheus",
    package="github.com/prometheus/prometheus/cmd/promtool",
    pinned_by=Path(__file__).with_name("tools") / "promtool",
    cpu_minutes=4,
    # Without the clouds in which Prometheus finds what it scrapes: not all of their modules can be had.
    tags="remove_all_sd",
)


@pytest.fixture(scope="session")
def promtool(report: Report) -> Path:
    return PROMTOOL.built(report)
