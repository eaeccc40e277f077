"""Whom Dapr's injector is asked about, wherever it is installed."""

from typing import Any

__all__ = ["NAMESPACES_WITH_SIDECARS"]

NAMESPACES_WITH_SIDECARS: dict[str, Any] = {
    "matchExpressions": [
        {
            "key": "kubernetes.io/metadata.name",
            "operator": "NotIn",
            "values": ["dapr-system", "kube-system"],
        }
    ]
}
"""While the injector is away, no pod of these namespaces starts: its own could never come back."""
