"""The operator on the node, and a TodoApp that it reconciles there."""

import pytest

from testbed.kubernetes.installations import Installation
from testbed.kubernetes.objects import POD, Objects, kind_named
from testbed.kubernetes.other_operators import cloudnative_pg_finishes, strimzi_finishes
from testbed.node.fixtures import Kubectl
from testbed.node.postgresql import run_postgresql
from testbed.waiting import wait_until
from todoapp_operator.kube.health import Health, health
from todoapp_operator.kube.kinds import Kind

__all__ = ["OPERATOR", "OPERATOR_NAMESPACE", "is_ready", "operator_on_node", "todo"]

OPERATOR, OPERATOR_NAMESPACE = "todoapp-operator", "todoapp-system"


def is_ready(objects: Objects, kind: Kind, name: str, namespace: str) -> bool:
    found = objects.get(kind, name, namespace)
    return found is not None and health(found).health is Health.READY


@pytest.fixture(scope="session")
def operator_on_node(node_objects: Objects, node_kubectl: Kubectl) -> None:
    """As its manifests have it, with all pods ready."""
    node_kubectl("apply", "--kustomize=operator/manifests")
    wait_until(
        lambda: is_ready(node_objects, kind_named("Deployment"), OPERATOR, OPERATOR_NAMESPACE),
        what="the operator's pods are ready",
    )


@pytest.fixture(scope="session")
def todo(operator_on_node: None, node_objects: Objects, node_kubectl: Kubectl) -> Installation:
    """examples/todo.yaml, applied, with all that others have to do for it; it may not be ready yet."""
    app = Installation(node_objects, namespace="todo")
    for namespace in (app.namespace, "kafka"):
        node_kubectl("create", "namespace", namespace)
    node_kubectl("apply", "--namespace=kafka", "--filename=strimzi/base/kafka.yaml")
    account = kind_named("ServiceAccount")
    # Without it the API server refuses every pod.
    wait_until(
        lambda: node_objects.get(account, "default", app.namespace),
        what=f"{app.namespace} has a default service account",
    )
    node_kubectl("apply", f"--namespace={app.namespace}", "--filename=examples/todo.yaml")
    database = f"{app.name}-database"
    run_postgresql(node_objects, database, app.namespace)
    wait_until(
        lambda: is_ready(node_objects, POD, f"{database}-1", app.namespace),
        what="PostgreSQL accepts connections",
    )
    cloudnative_pg_finishes(app)
    strimzi_finishes(app)
    return app
