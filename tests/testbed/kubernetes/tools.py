"""The command-line tools that people use on a cluster, built as the control plane is."""

from pathlib import Path

import pytest

from testbed.control_plane.artifacts.cache import Report
from testbed.control_plane.artifacts.go_modules import GoTool
from testbed.control_plane.artifacts.tools import kubernetes_tool

__all__ = ["HELM", "KUBECTL", "KUSTOMIZE", "helm", "kubectl", "kustomize"]

PINS = Path(__file__).parents[1] / "tools"

KUBECTL = kubernetes_tool("kubectl", cpu_minutes=1)
KUSTOMIZE = GoTool(
    "kustomize",
    module="sigs.k8s.io/kustomize/kustomize/v5",
    package="sigs.k8s.io/kustomize/kustomize/v5",
    pinned_by=PINS / "kustomize",
    cpu_minutes=0.5,
)
HELM = GoTool(
    "helm",
    module="helm.sh/helm/v4",
    package="helm.sh/helm/v4/cmd/helm",
    pinned_by=PINS / "helm",
    cpu_minutes=3,
    linker_flags="-X helm.sh/helm/v4/internal/version.version=v{version}",
)


@pytest.fixture(scope="session")
def kubectl(report: Report) -> Path:
    return KUBECTL.built(report)


@pytest.fixture(scope="session")
def kustomize(report: Report) -> Path:
    return KUSTOMIZE.built(report)


@pytest.fixture(scope="session")
def helm(report: Report) -> Path:
    return HELM.built(report)
