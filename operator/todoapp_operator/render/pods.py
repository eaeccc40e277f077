"""What the pods of a TodoApp have in common: image, restrictions, environment."""

from collections.abc import Iterable
from typing import Any

from todoapp_operator.render.platform import Platform
from todoapp_operator.resource.quantities import canonical
from todoapp_operator.resource.spec import TodoApp
from todoapp_operator.resource.workload import EnvVar, Resources, Toleration

__all__ = [
    "SCRATCH_MOUNT",
    "SCRATCH_VOLUME",
    "as_stored",
    "image",
    "pull_secrets",
    "resources",
    "restricted",
    "unprivileged",
]

# The user that the Dockerfile makes.
_USER = 10001

SCRATCH_VOLUME = {"name": "scratch", "emptyDir": {"sizeLimit": "640Mi"}}
SCRATCH_MOUNT = {"name": "scratch", "mountPath": "/tmp"}  # noqa: S108 - the only folder that can be written


def restricted() -> dict[str, Any]:
    """A pod's security context that the Pod Security Standard `restricted` accepts."""
    return {
        "runAsNonRoot": True,
        "runAsUser": _USER,
        "runAsGroup": _USER,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def unprivileged() -> dict[str, Any]:
    """A container's security context to go with `restricted`."""
    return {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def image(app: TodoApp, platform: Platform) -> dict[str, str]:
    return {"image": app.spec.image or platform.image, "imagePullPolicy": app.spec.image_pull_policy}


def pull_secrets(app: TodoApp) -> dict[str, Any]:
    names = [{"name": secret.name} for secret in app.spec.image_pull_secrets]
    return {"imagePullSecrets": names} if names else {}


def as_stored(parts: Iterable[EnvVar | Toleration]) -> list[dict[str, Any]]:
    """The parts as the API server stores them: an empty text is left out, or each restart would repair it."""
    written = (part.model_dump(by_alias=True, exclude_none=True) for part in parts)
    return [{name: value for name, value in part.items() if value != ""} for part in written]


def resources(chosen: Resources) -> dict[str, Any]:
    """`chosen` without what it leaves open, each quantity in its canonical form."""
    amounts = {"requests": chosen.requests, "limits": chosen.limits}
    return {
        kind: {name: canonical(quantity) for name, quantity in quantities.items()}
        for kind, quantities in amounts.items()
        if quantities
    }
