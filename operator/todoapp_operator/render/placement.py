"""On which nodes pods run: spread over zones and nodes, and as the resource says."""

from typing import Any

from todoapp_operator.render.identity import selector
from todoapp_operator.render.pods import as_stored
from todoapp_operator.resource.component import Component
from todoapp_operator.resource.spec import TodoApp
from todoapp_operator.resource.workload import Workload

__all__ = ["placement"]


def placement(app: TodoApp, component: Component, workload: Workload) -> dict[str, Any]:
    """The fields of a pod's spec that the scheduler reads."""
    own = {"matchLabels": selector(app, component)}
    chosen = {
        "nodeSelector": workload.node_selector,
        "tolerations": as_stored(workload.tolerations),
        "priorityClassName": workload.priority_class_name,
    }
    return {
        "affinity": workload.affinity or _apart(own),
        "topologySpreadConstraints": [_spread("topology.kubernetes.io/zone", own)],
        **{name: value for name, value in chosen.items() if value},
    }


def _apart(pods: dict[str, Any]) -> dict[str, Any]:
    """On different nodes where possible."""
    term = {"topologyKey": "kubernetes.io/hostname", "labelSelector": pods}
    preferred = [{"weight": 100, "podAffinityTerm": term}]
    return {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}}


def _spread(topology: str, pods: dict[str, Any]) -> dict[str, Any]:
    return {
        "maxSkew": 1,
        "topologyKey": topology,
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": pods,
        # Pods of the release that is leaving do not count.
        "matchLabelKeys": ["pod-template-hash"],
    }
