"""Service invocation: one app's request to another app of this sidecar."""

import random
from dataclasses import dataclass

from todoapp_sidecar.apps import App
from todoapp_sidecar.health import AppHealth

__all__ = ["Directory", "Place"]


@dataclass(frozen=True)
class Place:
    """Where an app instance listens, and whether it does."""

    app: App
    health: AppHealth


class Directory:
    """The app instances that can be invoked, by app id."""

    def __init__(self) -> None:
        self._places: dict[str, list[Place]] = {}

    def add(self, place: Place) -> None:
        self._places.setdefault(place.app.id, []).append(place)

    def find(self, name: str) -> App | None:
        """An instance of the app `id` or `id.namespace`: one that is up, if any is."""
        places = self._places.get(name) or self._places.get(name.rpartition(".")[0])
        if not places:
            return None
        up = [place for place in places if place.health.up.is_set()]
        return random.choice(up or places).app  # noqa: S311 - spreading load is no secret
