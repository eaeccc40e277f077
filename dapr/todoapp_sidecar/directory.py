"""Service invocation: one app's request to another app of this sidecar."""

import random
from dataclasses import dataclass

from todoapp_sidecar.apps import App
from todoapp_sidecar.health import AppHealth

__all__ = ["Directory", "Endpoint"]


@dataclass(frozen=True)
class Endpoint:
    """Where an app instance listens, and whether it is up."""

    app: App
    health: AppHealth


class Directory:
    """The app instances that can be invoked, by app id."""

    def __init__(self) -> None:
        self._endpoints: dict[str, list[Endpoint]] = {}

    def add(self, endpoint: Endpoint) -> None:
        self._endpoints.setdefault(endpoint.app.id, []).append(endpoint)

    def find(self, name: str) -> App | None:
        """An instance of the app `id` or `id.namespace`: one that is up, if any is."""
        endpoints = self._endpoints.get(name) or self._endpoints.get(name.rpartition(".")[0])
        if not endpoints:
            return None
        up = [endpoint for endpoint in endpoints if endpoint.health.up.is_set()]
        return random.choice(up or endpoints).app  # noqa: S311 - spreading load is no secret
