"""The way in from outside the cluster: an HTTPRoute or an Ingress, if any."""

from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.render.environment import PORT
from todoapp_operator.render.identity import metadata
from todoapp_operator.render.services import PUBLIC_PORT_NAME, api_service_name
from todoapp_operator.resource.component import Component
from todoapp_operator.resource.spec import Gateway, Ingress, ParentRef, TodoApp

__all__ = ["routes"]

_GATEWAY_GROUP = "gateway.networking.k8s.io"


def routes(app: TodoApp) -> list[Manifest]:
    if app.spec.gateway is not None:
        return [_http_route(app, app.spec.gateway)]
    if app.spec.ingress is not None:
        return [_ingress(app, app.spec.ingress)]
    return []


def _http_route(app: TodoApp, gateway: Gateway) -> Manifest:
    """Defaults are written out, because the API server adds them to lists that count as one value."""
    backend = {
        "group": "",
        "kind": "Service",
        "name": api_service_name(app),
        "port": PORT,
        "weight": 1,
    }
    return {
        "apiVersion": f"{_GATEWAY_GROUP}/v1",
        "kind": "HTTPRoute",
        "metadata": metadata(app, app.metadata.name, component=Component.API),
        "spec": {
            "parentRefs": [_parent(each) for each in gateway.parent_refs],
            "hostnames": list(gateway.hostnames),
            "rules": [
                {"matches": [{"path": {"type": "PathPrefix", "value": "/"}}], "backendRefs": [backend]},
            ],
        },
    }


def _parent(parent: ParentRef) -> dict[str, str]:
    chosen = parent.model_dump(by_alias=True, exclude_none=True)
    return {"group": _GATEWAY_GROUP, "kind": "Gateway", **chosen}


def _ingress(app: TodoApp, ingress: Ingress) -> Manifest:
    backend = {"service": {"name": api_service_name(app), "port": {"name": PUBLIC_PORT_NAME}}}
    paths = [{"path": "/", "pathType": "Prefix", "backend": backend}]
    class_name = {"ingressClassName": ingress.class_name} if ingress.class_name else {}
    tls = [{"hosts": [ingress.host], "secretName": ingress.tls_secret_name}]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": metadata(
            app, app.metadata.name, component=Component.API, annotations=ingress.annotations
        ),
        "spec": {
            **class_name,
            **({"tls": tls} if ingress.tls_secret_name else {}),
            "rules": [{"host": ingress.host, "http": {"paths": paths}}],
        },
    }
