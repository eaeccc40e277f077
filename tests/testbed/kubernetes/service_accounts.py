"""Act as one of a cluster's service accounts, with its rights only."""

import json
from pathlib import Path

from testbed.control_plane.connection import Connection
from testbed.kubernetes.objects import Objects, kind_named
from testbed.waiting import wait_until
from todoapp_operator.kube.kinds import Kind, url

__all__ = ["kubeconfig_of", "user_of", "wait_until_allowed"]

REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"


def kubeconfig_of(connection: Connection, objects: Objects, namespace: str, account: str, file: Path) -> Path:
    """Write a kubeconfig with a token that the API server gives to a service account."""
    path = url(kind_named("ServiceAccount"), namespace, account, "token")
    token = objects.ask("POST", path, {}).raise_for_status().json()["status"]["token"]
    cluster = {"server": connection.url, "certificate-authority": str(connection.authority)}
    context = {"cluster": "test", "user": account, "namespace": namespace}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "clusters": [{"name": "test", "cluster": cluster}],
        "users": [{"name": account, "user": {"token": token}}],
        "contexts": [{"name": "test", "context": context}],
    }
    file.write_text(json.dumps(config))
    return file


def user_of(namespace: str, account: str) -> str:
    """The name by which the API server knows a service account."""
    return f"system:serviceaccount:{namespace}:{account}"


def wait_until_allowed(objects: Objects, user: str, verb: str, kind: Kind, namespace: str) -> None:
    """Wait until the API server enforces roles and bindings, shortly after it has stored them."""
    action = {"verb": verb, "group": kind.group, "resource": kind.plural, "namespace": namespace}
    review = {"spec": {"user": user, "resourceAttributes": action}}

    def allowed() -> bool:
        answer = objects.ask("POST", REVIEWS, review).raise_for_status().json()
        return bool(answer["status"]["allowed"])

    wait_until(allowed, what=f"{user} may {verb} {kind.plural}")
