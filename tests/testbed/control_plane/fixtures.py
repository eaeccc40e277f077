"""A Kubernetes control plane for tests, one for all of them."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

import httpx
import pytest

from testbed.control_plane.artifacts.cache import Report
from testbed.control_plane.cluster import Cluster, running_cluster
from testbed.waiting import wait_until

__all__ = [
    "cluster",
    "kubernetes",
    "namespace",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "report",
]

NAMESPACES = "/api/v1/namespaces"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "cluster: uses a Kubernetes control plane")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what uses the cluster, put it last, and count no build of the cluster as time of a test."""
    for item in items:
        if "cluster" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.cluster)
            item.add_marker(pytest.mark.timeout(func_only=True))
    # A worker of `pytest -n` has it in a group, and its own order.
    if not hasattr(config, "workerinput"):
        items.sort(key=lambda item: item.get_closest_marker("cluster") is not None)


@pytest.fixture(scope="session")
def report(pytestconfig: pytest.Config) -> Report:
    """Says on the terminal what takes long, which pytest would otherwise keep to itself."""
    capture: Any = pytestconfig.pluginmanager.get_plugin("capturemanager")

    def say(sentence: str) -> None:
        with capture.global_and_fixture_disabled():
            print(f"\n{sentence}", file=sys.stderr)  # noqa: T201 - a worker of `pytest -n` has no terminal

    return say


@pytest.fixture(scope="session")
def cluster(report: Report, tmp_path_factory: pytest.TempPathFactory, group_parts: ExitStack) -> Cluster:
    """A running control plane. A test that stops a part of it starts that part again."""
    return group_parts.enter_context(running_cluster(tmp_path_factory.mktemp("cluster"), report))


@pytest.fixture(scope="session")
def kubernetes(cluster: Cluster) -> Iterator[httpx.Client]:
    """Sends raw requests to the API server as its administrator; for objects there is `objects`."""
    with cluster.connection.client() as client:
        yield client


@pytest.fixture
def namespace(kubernetes: httpx.Client) -> Iterator[str]:
    """A namespace of this test. It is deleted afterwards, without waiting."""
    name = f"test-{uuid4().hex[:12]}"
    kubernetes.post(NAMESPACES, json={"metadata": {"name": name}}).raise_for_status()
    account = f"{NAMESPACES}/{name}/serviceaccounts/default"
    # Without it the API server refuses every pod.
    wait_until(lambda: kubernetes.get(account).is_success, what=f"{name} has a default service account")
    yield name
    kubernetes.delete(f"{NAMESPACES}/{name}").raise_for_status()
