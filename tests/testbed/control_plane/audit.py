"""Audit policy: the API server records the operator's requests."""

import json
from pathlib import Path

__all__ = ["write_policy"]

_OPERATOR = "system:serviceaccount:todoapp-system:todoapp-operator"


def write_policy(file: Path) -> Path:
    """Choose what is written down: each finished request of the operator, without what it contained.

    https://kubernetes.io/docs/tasks/debug/debug-cluster/audit
    """
    policy = {
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived", "ResponseStarted"],
        "omitManagedFields": True,
        "rules": [{"level": "Metadata", "users": [_OPERATOR]}, {"level": "None"}],
    }
    file.write_text(json.dumps(policy), encoding="utf-8")
    return file
