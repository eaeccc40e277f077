"""How sidecars behave: retries, timeouts and circuit breakers; tracing, access and secrets."""

from typing import Any
from urllib.parse import urlsplit

from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.render.names import Names
from todoapp_operator.render.secrets import readable_secrets
from todoapp_operator.resource.spec import TodoApp, Tracing

__all__ = ["configuration", "resiliency"]


def resiliency(app: TodoApp, names: Names) -> Manifest:
    """Retries, timeouts and circuit breakers, with the figures of `spec.dapr.resiliency`."""
    figures = app.spec.dapr.resiliency
    outbound = {"retry": "call", "timeout": "call", "circuitBreaker": "unreachable"}
    inbound = {"retry": "deliver", "timeout": "deliver"}
    return {
        "apiVersion": "dapr.io/v1alpha1",
        "kind": "Resiliency",
        "metadata": {"name": app.metadata.name},
        "scopes": names.app_ids(),
        "spec": {
            "policies": {
                "timeouts": {"call": figures.timeout, "deliver": "30s"},
                "retries": {
                    "call": {"policy": "exponential", "maxInterval": "5s", "maxRetries": figures.retries},
                    # The first wait is Dapr's own 500 ms; `duration` would only count for constant waits.
                    # A process drops by itself what it cannot handle, long before all of these tries: they
                    # are for the time in which its database is away.
                    "deliver": {"policy": "exponential", "maxInterval": "15s", "maxRetries": 100},
                },
                "circuitBreakers": {
                    "unreachable": {
                        "maxRequests": 1,
                        "timeout": "10s",
                        "trip": f"consecutiveFailures > {figures.circuit_breaker}",
                    }
                },
            },
            "targets": {
                "apps": dict.fromkeys(names.app_ids(), outbound),
                "components": {
                    names.pubsub: {"outbound": outbound, "inbound": inbound},
                    names.updates_pubsub: {"outbound": outbound, "inbound": inbound},
                    names.state_store: {"outbound": outbound},
                    names.secret_store: {"outbound": outbound},
                },
            },
        },
    }


def configuration(app: TodoApp, names: Names) -> Manifest:
    """Tracing when asked for, calls between apps denied, and no secret readable but the app's own two."""
    secrets = {
        "storeName": names.secret_store,
        "defaultAccess": "deny",
        "allowedSecrets": readable_secrets(app),
    }
    return {
        "apiVersion": "dapr.io/v1alpha1",
        "kind": "Configuration",
        "metadata": {"name": app.metadata.name},
        "spec": {
            **_tracing(app.spec.observability.tracing),
            "metrics": {"enabled": app.spec.observability.metrics},
            "secrets": {"scopes": [secrets]},
            "accessControl": {"defaultAction": "deny", "trustDomain": "public"},
            # Sidecars read what changes when their pods are replaced. By itself Dapr would restart the
            # runtime in every pod at once, and none of them would be ready.
            "features": [{"name": "HotReload", "enabled": False}],
        },
    }


def _tracing(tracing: Tracing | None) -> dict[str, Any]:
    if tracing is None:
        return {}
    endpoint = urlsplit(tracing.endpoint)
    otel = {"endpointAddress": endpoint.netloc, "protocol": "grpc", "isSecure": endpoint.scheme == "https"}
    return {"tracing": {"samplingRate": tracing.sampling_rate, "otel": otel}}
