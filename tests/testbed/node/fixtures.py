"""A node for tests, one for all of them."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from testbed.control_plane.artifacts.cache import Report
from testbed.control_plane.artifacts.crds import crd_files
from testbed.control_plane.initial_objects import create_definitions, not_usable
from testbed.kubernetes.objects import CLUSTER_ROLE, CLUSTER_ROLE_BINDING, Objects
from testbed.node.injector import WEBHOOK, registration
from testbed.node.machine import lacks
from testbed.node.node import Node, running_node
from testbed.node.sidecars import READERS, READING
from testbed.waiting import wait_until

__all__ = [
    "Kubectl",
    "node",
    "node_kubectl",
    "node_objects",
    "pytest_collection_modifyitems",
    "pytest_configure",
]

Kubectl = Callable[..., str]
"""Runs kubectl as the node's administrator and gives what it prints."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "node: runs pods on a node of our own; needs root on Linux")


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Iterator[None]:
    """Mark what uses the node, put it last, and count no build of the node as time of a test."""
    for item in items:
        if "node" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.node)
            item.add_marker(pytest.mark.timeout(func_only=True))
    yield
    # A worker of `pytest -n` has it in a group, and its own order.
    if not hasattr(config, "workerinput"):
        items.sort(key=lambda item: item.get_closest_marker("node") is not None)


@pytest.fixture(scope="session")
def node(report: Report, tmp_path_factory: pytest.TempPathFactory, group_parts: ExitStack) -> Node:
    """A running node. On a machine that cannot be one its tests are left out, saying why."""
    if missing := list(lacks()):
        pytest.skip(f"To be a node, this machine lacks {', '.join(missing)}.")
    return group_parts.enter_context(running_node(tmp_path_factory.mktemp("node") / "node", report))


@pytest.fixture(scope="session")
def node_objects(node: Node, report: Report) -> Iterator[Objects]:
    """What the node's administrator can do with objects. Every kind that a TodoApp becomes is known."""
    with node.connection.client() as client:
        create_definitions(client, crd_files(report))
        wait_until(lambda: not any(not_usable(client)), what="the node's definitions are served")
    with Objects.of(node.connection) as objects:
        objects.apply(CLUSTER_ROLE, READING)
        objects.apply(CLUSTER_ROLE_BINDING, READERS)
        objects.apply(WEBHOOK, registration(node.connection.authority))
        yield objects


@pytest.fixture(scope="session")
def node_kubectl(node: Node, kubectl: Path) -> Kubectl:
    def run(*arguments: str) -> str:
        command = [str(kubectl), f"--kubeconfig={node.connection.kubeconfig}", *arguments]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout

    return run
