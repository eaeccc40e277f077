"""Services: where people reach the api, and where monitoring reaches each process."""

from typing import Any

from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.render.environment import INNER_PORT, PORT
from todoapp_operator.render.identity import RELEASE_LABEL, metadata, selector
from todoapp_operator.render.platform import Platform
from todoapp_operator.resource.component import Component
from todoapp_operator.resource.spec import TodoApp

__all__ = ["INNER_PORT_NAME", "PUBLIC_PORT_NAME", "api_service_name", "inner_service_name", "services"]


PUBLIC_PORT_NAME = "http"
INNER_PORT_NAME = "metrics"


def services(app: TodoApp, component: Component, platform: Platform) -> list[Manifest]:
    public = [_api_service(app, platform)] if component is Component.API else []
    return [*public, _inner_service(app, component)]


def api_service_name(app: TodoApp) -> str:
    return f"{app.metadata.name}-{Component.API}"


def inner_service_name(app: TodoApp, component: Component) -> str:
    return f"{app.metadata.name}-{component}-inner"


def _api_service(app: TodoApp, platform: Platform) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(app, api_service_name(app), component=Component.API),
        "spec": {
            "selector": selector(app, Component.API) | _served_release(app, platform),
            "ports": [_port(PUBLIC_PORT_NAME, PORT)],
        },
    }


def _inner_service(app: TodoApp, component: Component) -> Manifest:
    """Without an address of its own: Prometheus asks each pod, not any of them."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(app, inner_service_name(app, component), component=component),
        "spec": {
            "clusterIP": "None",
            "selector": selector(app, component),
            "ports": [_port(INNER_PORT_NAME, INNER_PORT)],
        },
    }


def _port(name: str, number: int) -> dict[str, Any]:
    return {"name": name, "port": number, "targetPort": name, "protocol": "TCP", "appProtocol": "http"}


def _served_release(app: TodoApp, platform: Platform) -> dict[str, str]:
    chosen = app.spec.rollout.strategy == "BlueGreen" and platform.serving_release
    return {RELEASE_LABEL: platform.serving_release} if chosen else {}
