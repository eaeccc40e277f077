"""What Dapr's injector is told about the sidecar of a pod."""

from todoapp_operator.render.broker import broker, connection
from todoapp_operator.render.dapr.pubsub import KAFKA_PASSWORD, KAFKA_USERNAME
from todoapp_operator.render.environment import INNER_PORT
from todoapp_operator.render.names import Names
from todoapp_operator.render.secrets import app_api_token, dapr_api_token
from todoapp_operator.resource.component import Component
from todoapp_operator.resource.spec import TodoApp
from todoapp_operator.resource.workload import Resources

__all__ = ["SHUTDOWN_SECONDS", "sidecar_annotations"]

_DRAIN_SECONDS = 10
_STOP_SECONDS = 20

SHUTDOWN_SECONDS = _DRAIN_SECONDS + _STOP_SECONDS
"""Longest time that a sidecar takes to end once it is told to."""


def sidecar_annotations(app: TodoApp, component: Component, names: Names) -> dict[str, str]:
    """Annotations of a pod, as of Dapr 1.18.

    https://docs.dapr.io/reference/arguments-annotations-overview/
    """
    dapr = app.spec.dapr
    return _prefixed(
        {
            "enabled": "true",
            # The default is the pod's name: then every replica would be a consumer group of its own.
            "app-id": names.app_id(component),
            "app-port": str(INNER_PORT),
            "app-protocol": "http",
            "config": app.metadata.name,
            # While the process is unhealthy its subscriptions pause, and its jobs wait instead of failing.
            "enable-app-health-check": "true",
            "app-health-check-path": "/health/live",
            "app-health-probe-interval": "3",
            "app-health-probe-timeout": "500",
            "app-health-threshold": "2",
            "api-token-secret": dapr_api_token(app).name,
            "app-token-secret": app_api_token(app).name,
            # The process reads its two Secrets by a component of its own, and no others.
            "disable-builtin-k8s-secret-store": "true",
            "disable-init-endpoints": "config",
            # The sidecar has to outlive the process, which publishes until its end.
            "enable-native-sidecar": "true",
            "block-shutdown-duration": f"{_DRAIN_SECONDS}s",
            "graceful-shutdown-seconds": str(_STOP_SECONDS),
            "log-as-json": "true",
            "log-level": dapr.log_level,
            "enable-metrics": str(app.spec.observability.metrics).lower(),
            **_kafka_user(app, component),
            **_control_plane(component),
            **_resources(dapr.sidecar_resources),
        }
    )


def _kafka_user(app: TodoApp, component: Component) -> dict[str, str]:
    secret = connection(app, broker(app)).own_credentials.get(component)
    if secret is None:
        return {}
    return {"env-from-secret": f"{KAFKA_USERNAME}={secret}:username,{KAFKA_PASSWORD}={secret}:password"}


def _control_plane(component: Component) -> dict[str, str]:
    """No process has actors and only `notification` has jobs; what is not used cannot keep a pod waiting."""
    placement = {"placement-host-address": ""}
    return placement if component is Component.NOTIFICATION else placement | {"scheduler-host-address": ""}


def _resources(resources: Resources) -> dict[str, str]:
    amounts = {"request": resources.requests, "limit": resources.limits}
    return {
        f"sidecar-{resource}-{kind}": quantities[resource]
        for kind, quantities in amounts.items()
        for resource in ("cpu", "memory")
        if resource in quantities
    }


def _prefixed(annotations: dict[str, str]) -> dict[str, str]:
    return {f"dapr.io/{name}": value for name, value in annotations.items()}
