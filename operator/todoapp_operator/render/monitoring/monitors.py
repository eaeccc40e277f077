"""Where the Prometheus operator finds metrics: of the processes by Services, of the sidecars by pods."""

from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.render.identity import metadata, selector
from todoapp_operator.render.services import INNER_PORT_NAME
from todoapp_operator.resource.spec import TodoApp

__all__ = ["monitors"]

_INTERVAL = "30s"


def monitors(app: TodoApp) -> list[Manifest]:
    observability = app.spec.observability
    wanted = observability.service_monitor and observability.metrics
    return [_processes(app), _sidecars(app)] if wanted else []


def _processes(app: TodoApp) -> Manifest:
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "ServiceMonitor",
        "metadata": metadata(app, app.metadata.name),
        "spec": {
            "selector": {"matchLabels": selector(app)},
            "endpoints": [{"port": INNER_PORT_NAME, "path": "/metrics", "interval": _INTERVAL}],
        },
    }


def _sidecars(app: TodoApp) -> Manifest:
    """The port is named by Dapr's injector."""
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PodMonitor",
        "metadata": metadata(app, f"{app.metadata.name}-sidecars"),
        "spec": {
            "selector": {"matchLabels": selector(app)},
            "podMetricsEndpoints": [{"port": "dapr-metrics", "interval": _INTERVAL}],
        },
    }
