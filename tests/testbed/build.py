"""Everything that tests run and this machine has to build or fetch, in the order in which tests need it.

    python -m testbed.build

One thing is made at a time, first what the longest tests wait for. Until a cluster and a node can start,
builds run at the same priority as tests; later builds run at a lower one. `--build` of pytest
runs this and ends it with the tests. If a build fails, the test that needs it repeats it and says why.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import pytest
import typer

from testbed import file_checkers, prometheus_tools
from testbed.argocd import command as argocd
from testbed.argocd.redis import redis_server
from testbed.control_plane.artifacts import tools
from testbed.control_plane.artifacts.cache import Report, working_through_the_queue
from testbed.control_plane.artifacts.crds import crd_files
from testbed.control_plane.artifacts.programs import beside_tests
from testbed.control_plane.process_group import ProcessGroup
from testbed.kafka.broker import installed_kafka
from testbed.kubernetes import tools as kubernetes
from testbed.measuring import CONFIGURATION
from testbed.node import tools as node
from testbed.node.layers import libraries_layer, postgresql_layer, python_layer
from testbed.pulumi.project import PULUMI_PROJECT
from testbed.sidecar import daprd
from todoapp_operator.resource.user_error import UserError

__all__ = ["FIRST", "THEN", "build", "main", "pytest_addoption", "pytest_sessionstart", "pytest_unconfigure"]

Make = Callable[[Report], object]

FIRST: tuple[Make, ...] = (
    tools.ETCD.built,
    tools.API_SERVER.built,
    tools.CONTROLLER_MANAGER.built,
    tools.SCHEDULER.built,
    tools.KWOK.built,
    crd_files,
    kubernetes.KUBECTL.built,
    node.KUBELET.built,
    node.KUBE_PROXY.built,
    node.COREDNS.built,
    python_layer,
    postgresql_layer,
    *(partial(libraries_layer, extra) for extra in ("app", "operator", "sidecar")),
)
"""Clusters and nodes."""

THEN: tuple[Make, ...] = (
    installed_kafka,
    daprd.DAPRD.built,
    daprd.SCHEDULER.built,
    daprd.INJECTOR.built,
    kubernetes.KUSTOMIZE.built,
    kubernetes.HELM.built,
    redis_server,
    argocd.ARGOCD.built,
    PULUMI_PROJECT.built,
    prometheus_tools.PROMTOOL.built,
    file_checkers.ACTIONLINT.built,
    file_checkers.COMPOSE_GO.built,
)

_BUILDER = pytest.StashKey[ProcessGroup]()


def build(first: Sequence[Make], then: Sequence[Make], report: Report) -> None:
    """Make one after the other.

    Raises:
        UserError: another process does, or one of them cannot be made; the rest is left to those who need it.
    """
    with working_through_the_queue():
        for makers, urgency in ((first, beside_tests()), (then, nullcontext())):
            with urgency:
                for make in makers:
                    make(report)


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        build(FIRST, THEN, typer.echo)
    except UserError as error:
        sys.exit("\n".join(error.sentences))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--build", action="store_true", help="Build beside the tests what they need and this machine lacks."
    )


def pytest_sessionstart(session: pytest.Session) -> None:
    """Let the process that shares tests out, or runs them all, have a builder."""
    config = session.config
    if config.option.build and not config.option.collectonly and not hasattr(config, "workerinput"):
        config.stash[_BUILDER] = builder = ProcessGroup()
        builder.start(list(_command()), log=Path(os.devnull))


def pytest_unconfigure(config: pytest.Config) -> None:
    """The builder's current work ends here. A half-done build is never taken for a finished one."""
    if builder := config.stash.get(_BUILDER, None):
        builder.__exit__(None, None, None)


def _command() -> Iterator[str]:
    """Of this module as a program; coverage is not for what it runs."""
    yield from ("env", f"--unset={CONFIGURATION}", f"PYTHONPATH={Path(__file__).parents[1]}")
    yield from (sys.executable, "-m", "testbed.build")


if __name__ == "__main__":
    main()
