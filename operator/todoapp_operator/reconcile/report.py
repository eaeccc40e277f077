"""The status of a TodoApp, as its subresource says it; pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal

from todoapp_operator.kube.health import Health
from todoapp_operator.reconcile.conditions import ConditionType, Finding, Reason, conditions
from todoapp_operator.reconcile.facts import Pods
from todoapp_operator.render.environment import public_url
from todoapp_operator.render.identity import selector
from todoapp_operator.resource.component import Component
from todoapp_operator.resource.spec import TodoApp

__all__ = ["Phase", "report", "version_of"]

Phase = Literal["Pending", "Progressing", "Ready", "Degraded", "Suspended"]

# The roll-out has not begun.
_BEFORE = frozenset({Reason.DATABASE_NOT_READY, Reason.BROKER_NOT_READY, Reason.MIGRATING})


def report(
    app: TodoApp,
    found: Iterable[Finding],
    pods: Mapping[Component, Pods],
    before: Mapping[str, Any],
    *,
    now: datetime,
) -> dict[str, Any]:
    """
    Args:
        pods: those of each process that people are served by.
        before: the status so far; it tells since when conditions are as they are.
    """
    found = list(found)
    generation = app.metadata.generation
    earlier = before.get("services", {})
    services = {
        str(component): _service(running, earlier.get(component, {})) for component, running in pods.items()
    }
    return {
        "observedGeneration": generation,
        "version": services.get(Component.API, {}).get("version", ""),
        "url": public_url(app),
        "phase": _phase(app, {each.type: each for each in found}, started=bool(pods)),
        "selector": ",".join(f"{name}={value}" for name, value in selector(app, Component.API).items()),
        "conditions": conditions(found, before.get("conditions", ()), generation=generation, now=now),
        "services": services,
    }


def _service(pods: Pods, before: Mapping[str, Any]) -> dict[str, Any]:
    """The version is that of all pods, so during a roll-out it is still the one before."""
    finished = pods.status.health is Health.READY
    version = version_of(pods.image) if finished else before.get("version", "")
    return {"ready": pods.ready, "desired": pods.desired, "version": version}


def _phase(app: TodoApp, found: Mapping[ConditionType, Finding], *, started: bool) -> Phase:
    if app.spec.suspend:
        return "Suspended"
    if found[ConditionType.DEGRADED].status == "True":
        return "Degraded"
    if found[ConditionType.READY].status == "True":
        return "Ready"
    if not started and found[ConditionType.PROGRESSING].reason in _BEFORE:
        return "Pending"
    return "Progressing"


def version_of(image: str) -> str:
    """The tag of an image, or the beginning of its digest: `1.2.0` of `example.com/todoapp:1.2.0`."""
    name, _, digest = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    return tag or digest[: len("sha256:") + 12]
