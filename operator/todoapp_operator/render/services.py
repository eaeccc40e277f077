"""Services: where the api is reached, and where each process's metrics are."""

from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.render.environment import PORT
from todoapp_operator.render.identity import RELEASE_LABEL, metadata, selector
from todoapp_operator.render.platform import Platform
from todoapp_operator.resource.component import Component
from todoapp_operator.resource.spec import TodoApp

__all__ = ["service", "service_name"]


def service(app: TodoApp, component: Component, platform: Platform) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(app, service_name(app, component), component=component),
        "spec": {
            "selector": selector(app, component) | _served_release(app, component, platform),
            "ports": [
                {"name": "http", "port": PORT, "targetPort": "http", "protocol": "TCP", "appProtocol": "http"}
            ],
        },
    }


def service_name(app: TodoApp, component: Component) -> str:
    return f"{app.metadata.name}-{component}"


def _served_release(app: TodoApp, component: Component, platform: Platform) -> dict[str, str]:
    chosen = app.spec.rollout.strategy == "BlueGreen" and component is Component.API
    return {RELEASE_LABEL: platform.serving_release} if chosen and platform.serving_release else {}
