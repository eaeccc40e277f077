"""The pods of the three processes."""

from typing import Any

from todoapp_operator.render.access import service_account_name
from todoapp_operator.render.dapr.annotations import SHUTDOWN_SECONDS, sidecar_annotations
from todoapp_operator.render.dapr.cluster import dapr_resources
from todoapp_operator.render.environment import INNER_PORT, PORT, environment
from todoapp_operator.render.identity import digest, own_labels
from todoapp_operator.render.names import names_on_cluster
from todoapp_operator.render.placement import placement
from todoapp_operator.render.platform import Platform
from todoapp_operator.render.pods import (
    SCRATCH_MOUNT,
    SCRATCH_VOLUME,
    as_stored,
    image,
    pull_secrets,
    resources,
    restricted,
    unprivileged,
)
from todoapp_operator.render.services import INNER_PORT_NAME, PUBLIC_PORT_NAME
from todoapp_operator.resource.component import Component
from todoapp_operator.resource.spec import TodoApp
from todoapp_operator.resource.workload import Resources, Workload

__all__ = ["pod_template", "sidecar_digest"]

_DEREGISTRATION_SECONDS = 5
_PROCESS_SECONDS = 5
_REQUESTS = {"cpu": "100m", "memory": "192Mi"}


def sidecar_digest(app: TodoApp) -> str:
    """Changes with what sidecars read at their start, which therefore has to make new pods."""
    return digest([manifest | {"metadata": {}} for manifest in dapr_resources(app)])


def pod_template(app: TodoApp, component: Component, platform: Platform, sidecars: str) -> dict[str, Any]:
    """
    Args:
        sidecars: the `sidecar_digest`, the same for all three processes.
    """
    workload = app.spec.workload(component)
    return {
        "metadata": {
            "labels": workload.pod_labels | own_labels(app, component),
            "annotations": workload.pod_annotations | _annotations(app, component, platform, sidecars),
        },
        "spec": {
            "serviceAccountName": service_account_name(app, component),
            **pull_secrets(app),
            "securityContext": restricted(),
            "terminationGracePeriodSeconds": _DEREGISTRATION_SECONDS + _PROCESS_SECONDS + SHUTDOWN_SECONDS,
            **placement(app, component, workload),
            "containers": [_container(app, component, platform, workload)],
            "volumes": [SCRATCH_VOLUME],
        },
    }


def _annotations(app: TodoApp, component: Component, platform: Platform, sidecars: str) -> dict[str, str]:
    secrets = {"todoapp.dev/secrets": platform.secrets_digest} if platform.secrets_digest else {}
    return {
        **sidecar_annotations(app, component, names_on_cluster(app)),
        "todoapp.dev/dapr": sidecars,
        **secrets,
    }


def _container(app: TodoApp, component: Component, platform: Platform, workload: Workload) -> dict[str, Any]:
    return {
        "name": str(component),
        **image(app, platform),
        "args": [str(component)],
        "ports": [_port(name, number) for name, number in _ports(component)],
        "env": as_stored(environment(app, component, names_on_cluster(app))),
        "resources": resources(_with_requests(workload.resources)),
        "startupProbe": _probe("/health/live", periodSeconds=2, failureThreshold=60),
        "livenessProbe": _probe("/health/live", periodSeconds=10, failureThreshold=3),
        "readinessProbe": _probe("/health/ready", periodSeconds=5, failureThreshold=2),
        # Requests go on arriving until every node has heard that the pod is leaving.
        "lifecycle": {"preStop": {"sleep": {"seconds": _DEREGISTRATION_SECONDS}}},
        "securityContext": unprivileged(),
        "volumeMounts": [SCRATCH_MOUNT],
    }


def _with_requests(chosen: Resources) -> Resources:
    """A request that is left open but limited equals its limit, as Kubernetes has it."""
    open_requests = {name: amount for name, amount in _REQUESTS.items() if name not in chosen.limits}
    return chosen.model_copy(update={"requests": open_requests | chosen.requests})


def _ports(component: Component) -> list[tuple[str, int]]:
    public = [(PUBLIC_PORT_NAME, PORT)] if component is Component.API else []
    return [*public, (INNER_PORT_NAME, INNER_PORT)]


def _port(name: str, number: int) -> dict[str, Any]:
    return {"name": name, "containerPort": number, "protocol": "TCP"}


def _probe(path: str, **timing: int) -> dict[str, Any]:
    return {"httpGet": {"path": path, "port": INNER_PORT_NAME}, "timeoutSeconds": 3, **timing}
