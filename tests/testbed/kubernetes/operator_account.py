"""The operator as operator/manifests install it: with its own service account and no other rights."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from testbed.control_plane.cluster import Cluster
from testbed.control_plane.connection import Connection
from testbed.kubernetes.objects import (
    CLUSTER_ROLE,
    CLUSTER_ROLE_BINDING,
    LEASE,
    NAMESPACE,
    TODOAPP,
    Objects,
    kind_named,
)
from testbed.kubernetes.operator_process import OPERATOR_NAMESPACE, OperatorProcess, running_operator
from testbed.kubernetes.service_accounts import kubeconfig_of, user_of, wait_until_allowed

__all__ = [
    "install_rights",
    "installed_operator",
    "kubeconfig_of_operator",
    "operator_kubeconfig",
    "rights",
]

MANIFESTS = Path("operator/manifests")
KINDS = {
    each.name: each
    for each in (
        CLUSTER_ROLE,
        CLUSTER_ROLE_BINDING,
        NAMESPACE,
        *map(kind_named, ("Role", "RoleBinding", "ServiceAccount")),
    )
}
ACCOUNT = LEASE_NAME = "todoapp-operator"
USER = user_of(OPERATOR_NAMESPACE, ACCOUNT)


@pytest.fixture(scope="session")
def rights(objects: Objects) -> str:
    """The user that has the operator's rights."""
    install_rights(objects)
    return USER


@pytest.fixture(scope="session")
def operator_kubeconfig(
    cluster: Cluster, objects: Objects, rights: str, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A kubeconfig that gives the operator the identity that it has in its pod."""
    file = tmp_path_factory.mktemp("operator") / "kubeconfig"
    return kubeconfig_of_operator(cluster.connection, objects, file)


def install_rights(objects: Objects) -> None:
    """Apply what operator/manifests say of the operator's account; return when it may do its work."""
    for file in ("namespace.yaml", "rbac.yaml"):
        for manifest in yaml.safe_load_all((MANIFESTS / file).read_text()):
            objects.apply(KINDS[manifest["kind"]], manifest, manifest["metadata"].get("namespace"))
    # The one is among its rights in all namespaces, the other among those in its own.
    for verb, kind in (("watch", TODOAPP), ("update", LEASE)):
        wait_until_allowed(objects, USER, verb, kind, OPERATOR_NAMESPACE)


def kubeconfig_of_operator(connection: Connection, objects: Objects, file: Path) -> Path:
    """Needs the rights to be installed."""
    return kubeconfig_of(connection, objects, OPERATOR_NAMESPACE, ACCOUNT, file)


@pytest.fixture(scope="module")
def installed_operator(
    operator_kubeconfig: Path, definition: str, objects: Objects, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OperatorProcess]:
    """An active operator for all tests of a module. It leaves no Lease that others would wait for."""
    with running_operator(operator_kubeconfig, tmp_path_factory.mktemp("operator") / "log") as process:
        process.wait_until_active()
        yield process
    if objects.get(LEASE, LEASE_NAME, OPERATOR_NAMESPACE):
        objects.delete(LEASE, LEASE_NAME, OPERATOR_NAMESPACE)
