"""How many pods: a fixed number, by CPU use (HorizontalPodAutoscaler), or by unread events (KEDA)."""

from typing import Any

from todoapp_operator.kube.kinds import Provider
from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.render.broker import Connection, broker, connection
from todoapp_operator.render.dapr.subscriptions import readers
from todoapp_operator.render.identity import metadata
from todoapp_operator.render.names import consumer_group, names_on_cluster
from todoapp_operator.render.platform import Platform
from todoapp_operator.resource.component import Component
from todoapp_operator.resource.spec import TodoApp
from todoapp_operator.resource.workload import Autoscaling

__all__ = ["autoscalers", "replicas"]

_DEFAULT_CPU_PERCENT = 70


def replicas(app: TodoApp, component: Component, platform: Platform) -> dict[str, int]:
    """A Deployment's `replicas`, which is left to an autoscaler where one can work."""
    workload = app.spec.workload(component)
    scaling = workload.autoscaling
    if scaling is None:
        return {"replicas": workload.replicas or 1}
    if scaling.lag is not None and not platform.has(Provider.KEDA):
        return {"replicas": scaling.min_replicas}
    return {}


def autoscalers(app: TodoApp, component: Component, target: str) -> list[Manifest]:
    """What scales the Deployment `target`."""
    workload = app.spec.workload(component)
    scaling = workload.autoscaling
    if scaling is None:
        return []
    if scaling.lag is None:
        return [_by_cpu(app, component, target, scaling)]
    kafka = connection(app, broker(app))
    authentication = [_authentication(app, component, kafka)] if kafka.encrypted else []
    return [*authentication, _by_lag(app, component, target, scaling, kafka)]


def _by_cpu(app: TodoApp, component: Component, target: str, scaling: Autoscaling) -> Manifest:
    """By the process's own container: the sidecar's use would only blur the figure."""
    utilization = {"type": "Utilization", "averageUtilization": scaling.cpu or _DEFAULT_CPU_PERCENT}
    container = {"name": "cpu", "container": str(component), "target": utilization}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": metadata(app, f"{app.metadata.name}-{component}", component=component),
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": target},
            "minReplicas": scaling.min_replicas,
            "maxReplicas": scaling.max_replicas,
            "metrics": [{"type": "ContainerResource", "containerResource": container}],
        },
    }


def _by_lag(
    app: TodoApp, component: Component, target: str, scaling: Autoscaling, kafka: Connection
) -> Manifest:
    name = f"{app.metadata.name}-{component}"
    reference = {"authenticationRef": {"name": name}} if kafka.encrypted else {}
    trigger = {"type": "kafka", "metadata": _trigger(app, component, scaling, kafka), **reference}
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": metadata(app, name, component=component),
        "spec": {
            "scaleTargetRef": {"name": target},
            "minReplicaCount": scaling.min_replicas,
            "maxReplicaCount": scaling.max_replicas,
            "triggers": [trigger],
        },
    }


def _trigger(app: TodoApp, component: Component, scaling: Autoscaling, kafka: Connection) -> dict[str, str]:
    """Settings of KEDA's scaler for Kafka: https://keda.sh/docs/latest/scalers/apache-kafka/"""
    names = names_on_cluster(app)
    [topic] = (reader.topic for reader in readers(app, names) if reader.component is component)
    return {
        "bootstrapServers": ",".join(kafka.brokers),
        "consumerGroup": consumer_group(app, names, component),
        "topic": names.topic(topic),
        "lagThreshold": str(scaling.lag),
        "offsetResetPolicy": "earliest",
        "version": "3.0.0",
        "tls": "enable" if kafka.encrypted else "disable",
        "sasl": _SASL[kafka.mechanism] if kafka.by_password else "none",
    }


_SASL = {"SHA-256": "scram_sha256", "SHA-512": "scram_sha512"}


def _authentication(app: TodoApp, component: Component, kafka: Connection) -> Manifest:
    secrets = [
        (kafka.credentials_of(component), {"username": "username", "password": "password"}),
        (kafka.certificate, {"cert": "tls.crt", "key": "tls.key"}),
        (kafka.authority, {"ca": "ca.crt"}),
    ]
    references: list[dict[str, Any]] = [
        {"parameter": parameter, "name": secret, "key": key}
        for secret, keys in secrets
        if secret
        for parameter, key in keys.items()
    ]
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "TriggerAuthentication",
        "metadata": metadata(app, f"{app.metadata.name}-{component}", component=component),
        "spec": {"secretTargetRef": references},
    }
