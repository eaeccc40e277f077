"""Argo CD: its command line, which runs health scripts by Argo CD's own Lua, and its definitions."""

from pathlib import Path

import pytest

from testbed.control_plane.artifacts.cache import Report
from testbed.control_plane.artifacts.go_modules import GoModule, GoTool
from testbed.kubernetes.definitions import define
from testbed.kubernetes.objects import Objects
from testbed.kubernetes.tools import PINS

__all__ = ["ARGOCD", "argocd", "argocd_definitions"]

ARGOCD = GoTool(
    "argocd",
    module="github.com/argoproj/argo-cd/v3",
    package="github.com/argoproj/argo-cd/v3/cmd",
    pinned_by=PINS / "argocd",
    cpu_minutes=11,
    linker_flags="-X github.com/argoproj/argo-cd/v3/common.version={version}",
)
SOURCES = GoModule(ARGOCD.module, ARGOCD.version, "h1:Xm1BF+I5OgDKUG3SDK49vn2/Y5AMyaNVko+/JT08gj0=")


@pytest.fixture(scope="session")
def argocd(report: Report) -> Path:
    return ARGOCD.built(report)


@pytest.fixture(scope="session")
def argocd_definitions(objects: Objects) -> None:
    """The cluster knows Argo CD's kinds."""
    define(objects, (SOURCES.folder() / "manifests/crds").glob("*-crd.yaml"))
