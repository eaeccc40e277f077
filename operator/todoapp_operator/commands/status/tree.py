"""A TodoApp and the objects that belong to it, put in order."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from todoapp_operator.kube.health import health
from todoapp_operator.kube.kinds import KINDS
from todoapp_operator.kube.manifest import Manifest

__all__ = ["Child", "Overview", "overview"]


@dataclass(frozen=True)
class Child:
    """An object and those that it controls. `health` and `message` are those of `HealthStatus`."""

    kind: str
    namespace: str
    name: str
    health: str
    message: str
    children: tuple["Child", ...]


@dataclass(frozen=True)
class Overview:
    """What is known of a TodoApp. `conditions` are as in its status."""

    namespace: str
    name: str
    phase: str
    version: str
    url: str
    up_to_date: bool
    """Whether the conditions are about the newest spec."""
    conditions: tuple[dict[str, Any], ...]
    children: tuple[Child, ...]
    unknown: tuple[str, ...]
    """Why some objects could not be read."""


# A Deployment's own: people ask for its pods.
_PASSED_OVER = "ReplicaSet"

_ORDER = {kind.name: position for position, kind in enumerate(KINDS)}


def overview(todoapp: Manifest, objects: Iterable[Manifest], *, unknown: Iterable[str] = ()) -> Overview:
    """Arrange `objects`, which all belong to `todoapp`, below their controllers."""
    metadata, status = todoapp["metadata"], todoapp.get("status", {})
    return Overview(
        namespace=metadata["namespace"],
        name=metadata["name"],
        phase=status.get("phase", ""),
        version=status.get("version", ""),
        url=status.get("url", ""),
        up_to_date=status.get("observedGeneration", 0) >= metadata["generation"],
        conditions=tuple(status.get("conditions", ())),
        children=_arranged(list(objects)),
        unknown=tuple(unknown),
    )


def _arranged(objects: list[Manifest]) -> tuple[Child, ...]:
    parents = _parents(objects)
    controlled: dict[str, list[Manifest]] = defaultdict(list)
    for manifest in objects:
        controlled[parents.get(manifest["metadata"]["uid"], "")].append(manifest)

    def below(uid: str) -> tuple[Child, ...]:
        shown = (each for each in controlled[uid] if each["kind"] != _PASSED_OVER)
        return tuple(child(each) for each in sorted(shown, key=_place))

    def child(manifest: Manifest) -> Child:
        metadata, status = manifest["metadata"], health(manifest)
        return Child(
            kind=manifest["kind"],
            namespace=metadata["namespace"],
            name=metadata["name"],
            health=status.health,
            message=status.message,
            children=below(metadata["uid"]),
        )

    return below("")


def _parents(objects: list[Manifest]) -> dict[str, str]:
    """For each object that another one of `objects` controls, both by their uid."""
    known = {each["metadata"]["uid"]: each for each in objects}
    controllers = {uid: _controller(each) for uid, each in known.items()}
    passed_over = {uid for uid, each in known.items() if each["kind"] == _PASSED_OVER}
    nearest = {
        uid: controllers[controller] if controller in passed_over else controller
        for uid, controller in controllers.items()
    }
    return {uid: controller for uid, controller in nearest.items() if controller in known}


def _controller(manifest: Manifest) -> str:
    references = manifest["metadata"].get("ownerReferences", ())
    return next((each["uid"] for each in references if each.get("controller")), "")


def _place(manifest: Manifest) -> tuple[int, str, str]:
    """Kinds in the order in which they are rendered, others after them."""
    metadata = manifest["metadata"]
    return _ORDER.get(manifest["kind"], len(_ORDER)), metadata["namespace"], metadata["name"]
