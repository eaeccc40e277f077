"""NetworkPolicies: who may speak to the pods of a TodoApp, and to whom they may."""

from typing import Any
from urllib.parse import urlsplit

from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.render.broker import broker, connection
from todoapp_operator.render.database import database
from todoapp_operator.render.environment import PORT
from todoapp_operator.render.identity import metadata, selector
from todoapp_operator.render.migration import MIGRATION
from todoapp_operator.render.secrets import database_cluster_name
from todoapp_operator.resource.component import Component
from todoapp_operator.resource.spec import TodoApp

__all__ = ["network_policies"]

Rule = dict[str, Any]

_SIDECAR_METRICS_PORT = 9090
_POSTGRESQL_PORT = 5432
_KUBERNETES_API_PORTS = (443, 6443)
_DAPR_NAMESPACE = "dapr-system"
_NAMESPACE_NAME = "kubernetes.io/metadata.name"


def network_policies(app: TodoApp) -> list[Manifest]:
    if not app.spec.network_policy:
        return []
    return [
        *(_policy(app, component, _callers(component), _called(app, component)) for component in Component),
        _policy(app, MIGRATION, [], [_names(), _database(app)]),
    ]


def _policy(app: TodoApp, component: str, ingress: list[Rule], egress: list[Rule]) -> Manifest:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata(app, f"{app.metadata.name}-{component}", component=component),
        "spec": {
            "podSelector": {"matchLabels": selector(app, component)},
            "policyTypes": ["Ingress", "Egress"],
            **({"ingress": ingress} if ingress else {}),
            "egress": egress,
        },
    }


def _callers(component: Component) -> list[Rule]:
    """Everyone may call the api, also from outside the cluster; pods of the cluster may read metrics."""
    metrics = {"from": [{"namespaceSelector": {}}], "ports": _tcp(PORT, _SIDECAR_METRICS_PORT)}
    return [{"ports": _tcp(PORT)}, metrics] if component is Component.API else [metrics]


def _called(app: TodoApp, component: Component) -> list[Rule]:
    """Everything that a process and its sidecar call.

    The sidecar reads Secrets from Kubernetes, whose API server no selector can name.
    """
    return [
        _names(),
        {"to": [_namespace(_DAPR_NAMESPACE)]},
        {"ports": _tcp(*_KUBERNETES_API_PORTS)},
        _broker(app),
        _database(app),
        *_tracing(app),
        *([_anywhere()] if component is Component.NOTIFICATION else []),
    ]


def _names() -> Rule:
    """DNS, which may be a pod of the cluster or an address on each node."""
    return {"ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]}


def _broker(app: TodoApp) -> Rule:
    kafka, strimzi = connection(app, broker(app)), broker(app).strimzi
    ports = _tcp(*sorted({int(address.rpartition(":")[2]) for address in kafka.brokers}))
    return {"to": [_namespace(strimzi.namespace)], "ports": ports} if strimzi else {"ports": ports}


def _database(app: TodoApp) -> Rule:
    """A cluster of our own is known by its label; of any other only its Secret knows address and port."""
    if database(app).cluster is None:
        return _anywhere()
    servers = {"podSelector": {"matchLabels": {"cnpg.io/cluster": database_cluster_name(app)}}}
    return {"to": [servers], "ports": _tcp(_POSTGRESQL_PORT)}


def _tracing(app: TodoApp) -> list[Rule]:
    tracing = app.spec.observability.tracing
    if tracing is None:
        return []
    endpoint = urlsplit(tracing.endpoint)
    return [{"ports": _tcp(endpoint.port or {"http": 80, "https": 443}[endpoint.scheme])}]


def _anywhere() -> Rule:
    """For notification channels and external databases: all of them use TCP."""
    return {"ports": [{"protocol": "TCP", "port": 1, "endPort": 65535}]}


def _namespace(name: str) -> Rule:
    return {"namespaceSelector": {"matchLabels": {_NAMESPACE_NAME: name}}}


def _tcp(*ports: int) -> list[Rule]:
    return [{"protocol": "TCP", "port": port} for port in ports]
