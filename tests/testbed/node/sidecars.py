"""The rights of the node's embedded sidecars, which Dapr's control plane would have."""

from todoapp_operator.kube.manifest import Manifest

__all__ = ["READERS", "READING"]

_NAME = "testbed-sidecars"

READING: Manifest = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRole",
    "metadata": {"name": _NAME},
    "rules": [
        {
            "apiGroups": ["dapr.io"],
            "resources": ["components", "configurations", "resiliencies", "subscriptions"],
            "verbs": ["list"],
        }
    ],
}
"""Secrets are not in it: those a pod may read by the operator's leave or not at all."""

READERS: Manifest = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRoleBinding",
    "metadata": {"name": _NAME},
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": _NAME},
    "subjects": [
        {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "system:serviceaccounts"}
    ],
}
