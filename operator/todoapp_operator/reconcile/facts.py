"""What reconciling and reporting need to know of an object, taken from the whole of it; pure."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from todoapp_operator.kube.health import HealthStatus, health
from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.reconcile.comparison import owned_fields
from todoapp_operator.render.identity import COMPONENT_LABEL, MANAGER, RELEASE_LABEL

__all__ = ["Facts", "Pods", "SecretDigests", "ServedRelease", "digest_of", "facts"]


@dataclass(frozen=True, slots=True)
class Pods:
    """A Deployment's."""

    component: str
    image: str
    status: HealthStatus
    desired: int
    ready: int
    rolled_out: bool
    """Every pod was of the newest template and available at least once."""
    sets_replicas: bool
    """Whether the number of replicas is ours."""


@dataclass(frozen=True, slots=True)
class ServedRelease:
    """The release that a Service selects; empty when it selects every one."""

    release: str


@dataclass(frozen=True, slots=True)
class SecretDigests:
    """A digest of each value of a Secret, by its key. The values themselves are not kept."""

    digests: Mapping[str, bytes] = field(repr=False)


Facts = Pods | ServedRelease | SecretDigests | HealthStatus


def facts(manifest: Manifest) -> Facts:
    read = _READERS.get(manifest["kind"])
    return read(manifest) if read else health(manifest)


def _pods(deployment: Manifest) -> Pods:
    spec, status, labels = deployment["spec"], deployment.get("status", {}), deployment["metadata"]["labels"]
    observed = status.get("observedGeneration", 0) >= deployment["metadata"]["generation"]
    return Pods(
        component=labels.get(COMPONENT_LABEL, ""),
        image=spec["template"]["spec"]["containers"][0].get("image", ""),
        status=health(deployment),
        desired=spec.get("replicas", 1),
        ready=status.get("readyReplicas", 0),
        rolled_out=observed and _progress(status) == "NewReplicaSetAvailable",
        sets_replicas="f:replicas" in owned_fields(deployment, MANAGER).get("f:spec", {}),
    )


def _progress(status: Mapping[str, Any]) -> str:
    conditions = status.get("conditions", ())
    return next((each.get("reason", "") for each in conditions if each["type"] == "Progressing"), "")


def _served_release(service: Manifest) -> ServedRelease:
    return ServedRelease((service["spec"].get("selector") or {}).get(RELEASE_LABEL, ""))


def _digests(secret: Manifest) -> SecretDigests:
    data = secret.get("data") or {}
    return SecretDigests({key: digest_of(value) for key, value in data.items()})


def digest_of(encoded: str) -> bytes:
    """Of a Secret's value in base64."""
    return hashlib.sha256(encoded.encode()).digest()


_READERS: dict[str, Callable[[Manifest], Facts]] = {
    "Deployment": _pods,
    "Service": _served_release,
    "Secret": _digests,
}
