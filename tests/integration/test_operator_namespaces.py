"""An operator that looks at named namespaces needs no right in any other, and there nothing is done."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from testbed.control_plane.cluster import Cluster
from testbed.kubernetes.installations import ELSEWHERE, Installation
from testbed.kubernetes.objects import CLUSTER_ROLE, LEASE, SECRET, TODOAPP, Objects, kind_named, typed
from testbed.kubernetes.operator_process import OperatorProcess, running_operator
from testbed.kubernetes.service_accounts import kubeconfig_of, user_of, wait_until_allowed
from testbed.waiting import wait_until
from todoapp_operator.kube.manifest import Manifest

ACCOUNT = "narrow"
OWN_SECRETS = ("database", "todo-jwt", "todo-sealing", "todo-dapr-api-token", "todo-app-api-token")
ROLE, ROLE_BINDING = kind_named("Role"), kind_named("RoleBinding")
SERVICE_ACCOUNT = kind_named("ServiceAccount")

Confined = Callable[..., OperatorProcess]


@pytest.fixture
def confined(
    cluster: Cluster, definition: str, objects: Objects, namespace: str, tmp_path: Path
) -> Iterator[Confined]:
    """Starts an operator that has rights in `namespace` only, to all Secrets there or to some."""
    with ExitStack() as running:

        def start(secrets: tuple[str, ...] = ()) -> OperatorProcess:
            objects.create(SERVICE_ACCOUNT, {"metadata": {"name": ACCOUNT}}, namespace)
            for role in cluster_roles():
                objects.apply(CLUSTER_ROLE, role)
            named = {"resourceNames": list(secrets)} if secrets else {}
            rules = [
                {"apiGroups": [""], "resources": ["secrets"], "verbs": ["create"]},
                secret_rule() | named,
                lease_rule(),
            ]
            objects.apply(ROLE, {**typed(ROLE), "metadata": {"name": ACCOUNT}, "rules": rules}, namespace)
            bind(objects, namespace, "ClusterRole", "todoapp-operator")
            bind(objects, namespace, "Role", ACCOUNT)
            for verb, kind in (("watch", TODOAPP), ("create", SECRET), ("update", LEASE)):
                wait_until_allowed(objects, user_of(namespace, ACCOUNT), verb, kind, namespace)
            options = ["--watch-namespaces", namespace]
            if secrets:
                options += ["--watch-secrets", ",".join(f"{namespace}/{name}" for name in secrets)]
            config = kubeconfig_of(cluster.connection, objects, namespace, ACCOUNT, tmp_path / "kubeconfig")
            process = running_operator(config, tmp_path / "operator.log", *options, namespace=namespace)
            operator = running.enter_context(process)
            operator.wait_until_active()
            return operator

        yield start


def cluster_roles() -> Iterator[Manifest]:
    for manifest in yaml.safe_load_all(Path("operator/manifests/rbac.yaml").read_text()):
        if manifest["kind"] == "ClusterRole":
            yield manifest


def secret_rule() -> dict[str, Any]:
    """As in all namespaces, but for `create`: what is new has no name for a rule yet."""
    [role] = (each for each in cluster_roles() if each["metadata"]["name"] == "todoapp-operator-secrets")
    [rule] = role["rules"]
    return {**rule, "verbs": [verb for verb in rule["verbs"] if verb != "create"]}


def lease_rule() -> dict[str, Any]:
    verbs = ["get", "create", "update"]
    return {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": verbs}


def bind(objects: Objects, namespace: str, kind: str, role: str) -> None:
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": role}
    subjects = [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": namespace}]
    name = f"{kind.lower()}-{role}"
    binding = {"metadata": {"name": name}, "roleRef": reference, "subjects": subjects}
    objects.apply(ROLE_BINDING, {**typed(ROLE_BINDING), **binding}, namespace)


@pytest.mark.parametrize("secrets", [(), OWN_SECRETS], ids=["all Secrets", "named Secrets"])
def test_confined_operator_works_in_its_namespace_only(
    installation: Installation,
    other_namespace: str,
    confined: Confined,
    secrets: tuple[str, ...],
) -> None:
    operator = confined(secrets)
    elsewhere = Installation(installation.objects, other_namespace)
    elsewhere.install()
    installation.install()

    installation.wait_until_ready()
    installation.put_secret("database", url="postgresql://app:new@db.example.com/todo")
    installation.apply(ELSEWHERE | {"networkPolicy": False})
    installation.wait_until_ready()

    assert "status" not in elsewhere.resource()
    assert [line for line in operator.lines() if "forbidden" in str(line)] == []
    installation.delete()
    wait_until(lambda: installation.children() == [], what="nothing is left")
    assert [line for line in operator.lines() if line["level"] in ("ERROR", "CRITICAL")] == []


def test_secret_without_a_right_is_missing(installation: Installation, confined: Confined) -> None:
    confined(OWN_SECRETS[1:])

    installation.install()

    condition = installation.wait_for("DatabaseReady", "False", "SecretMissing")
    assert f"{installation.namespace}/database" in condition["message"]
