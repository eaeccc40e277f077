"""What Pulumi's own code reads in a project's folder before it runs anything."""

from pathlib import Path

import pytest

from testbed.control_plane.artifacts.cache import Report
from testbed.control_plane.artifacts.go_modules import GoTool
from testbed.kubernetes.tools import PINS

__all__ = ["pulumi_project"]

PULUMI_PROJECT = GoTool(
    "pulumi-project",
    module="github.com/pulumi/pulumi/sdk/v3",
    package=".",
    pinned_by=PINS / "pulumi",
    cpu_minutes=1.5,
)


@pytest.fixture(scope="session")
def pulumi_project(report: Report) -> Path:
    """Reads a project as Pulumi's command and its host of Python programs do."""
    return PULUMI_PROJECT.built(report)
