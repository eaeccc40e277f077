"""Dapr's Component manifests."""

from collections.abc import Sequence
from typing import Any

from todoapp_operator.kube.manifest import Manifest

__all__ = ["Settings", "component", "secret", "variable"]

Settings = dict[str, str | dict[str, Any]]
"""A component's settings by name: texts, or references made by `secret` or `variable`."""


def component(
    name: str,
    kind: str,
    settings: Settings,
    *,
    scopes: Sequence[str],
    version: str = "v1",
    secret_store: str | None = None,
    init_timeout: str | None = None,
) -> Manifest:
    """A component of type `kind` that only the apps in `scopes` can use.

    `secret_store` resolves the references in `settings`; Kubernetes Secrets when absent.
    """
    metadata = [
        {"name": key, "value": value} if isinstance(value, str) else {"name": key, **value}
        for key, value in settings.items()
    ]
    timeout = {"initTimeout": init_timeout} if init_timeout else {}
    auth = {"auth": {"secretStore": secret_store}} if secret_store else {}
    return {
        "apiVersion": "dapr.io/v1alpha1",
        "kind": "Component",
        "metadata": {"name": name},
        "spec": {"type": kind, "version": version, **timeout, "metadata": metadata},
        **auth,
        "scopes": list(scopes),
    }


def secret(name: str, key: str) -> dict[str, Any]:
    return {"secretKeyRef": {"name": name, "key": key}}


def variable(name: str) -> dict[str, Any]:
    """A value from the environment of the sidecar that reads the component."""
    return {"envRef": name}
