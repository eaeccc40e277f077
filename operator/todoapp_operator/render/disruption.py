"""What drains and upgrades of nodes may take away at a time."""

from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.render.identity import metadata, selector
from todoapp_operator.resource.component import Component
from todoapp_operator.resource.spec import TodoApp

__all__ = ["disruption_budget"]


def disruption_budget(app: TodoApp, component: Component) -> Manifest:
    """One pod at a time, however many there are; pods that are not ready hold up no drain."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": metadata(app, f"{app.metadata.name}-{component}", component=component),
        "spec": {
            "maxUnavailable": 1,
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
            "selector": {"matchLabels": selector(app, component)},
        },
    }
