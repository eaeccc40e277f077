"""Kubernetes objects in the outline of the YAML that they are."""

from collections.abc import Mapping
from typing import Any, Literal

import pulumi

__all__ = ["Manifest", "PodSecurity", "namespace"]

PodSecurity = Literal["privileged", "baseline", "restricted"]


class Manifest(pulumi.CustomResource):
    """One Kubernetes object, registered under the kind that it names, as the SDK's own classes are.

    Unlike those it takes every kind, ours and other people's, and keeps the manifest's names as they are.
    """

    def __init__(
        self, name: str, manifest: Mapping[str, Any], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(_token(manifest), name, dict(manifest), opts)


def _token(manifest: Mapping[str, Any]) -> str:
    group_version, kind = manifest["apiVersion"], manifest["kind"]
    return f"kubernetes:{group_version if '/' in group_version else f'core/{group_version}'}:{kind}"


def namespace(
    name: str,
    namespace: str,
    *,
    pod_security: PodSecurity = "baseline",
    opts: pulumi.ResourceOptions | None = None,
) -> Manifest:
    """A namespace that refuses pods below `pod_security` and warns of those that are not restricted.

    https://kubernetes.io/docs/concepts/security/pod-security-standards/
    """
    labels = {
        "pod-security.kubernetes.io/enforce": pod_security,
        "pod-security.kubernetes.io/warn": "restricted",
    }
    return Manifest(
        name,
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels}},
        opts,
    )
