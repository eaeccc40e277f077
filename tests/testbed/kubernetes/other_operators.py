"""Strimzi and CloudNativePG stand-ins: they write what the real operators write once they have finished.

No registry carries the real ones, so tests do their part where a TodoApp waits for them.
"""

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from testbed.kubernetes.installations import Installation
from testbed.kubernetes.objects import SECRET, Objects, kind_named
from testbed.waiting import wait_until
from todoapp_operator.kube.kinds import Kind, kind_of
from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.reconcile.kafka_access import ANNOTATION, KAFKA

__all__ = [
    "cloudnative_pg_finishes",
    "entrance_opens",
    "gateway_accepts",
    "kafka_allows",
    "kafka_namespace",
    "strimzi_finishes",
    "strimzi_refuses",
    "strimzi_starts_kafka",
]

GATEWAY = Kind("gateway.networking.k8s.io/v1", "Gateway", "gateways")
GATEWAY_CLASS = Kind("gateway.networking.k8s.io/v1", "GatewayClass", "gatewayclasses")
ISSUER = Kind("cert-manager.io/v1", "ClusterIssuer", "clusterissuers")
KAFKA_USER, KAFKA_TOPIC = kind_named("KafkaUser"), kind_named("KafkaTopic")
DATABASE, ROUTE = kind_named("Cluster"), kind_named("HTTPRoute")


def kafka_allows(objects: Objects, namespace: str, allowed: str | None, name: str = "kafka") -> None:
    """A Kafka as strimzi/ has it; `allowed` is what its owner's annotation says, None that there is none."""
    manifest: Manifest = yaml.safe_load(Path("strimzi/base/kafka.yaml").read_text())
    metadata = {"name": name, "annotations": {} if allowed is None else {ANNOTATION: allowed}}
    objects.apply(KAFKA, manifest | {"metadata": metadata}, namespace)


@pytest.fixture
def kafka_namespace(objects: Objects, namespace: str, other_namespace: str) -> str:
    """Where a Kafka is that the TodoApps of `installation` may use."""
    kafka_allows(objects, other_namespace, namespace)
    return other_namespace


def strimzi_starts_kafka(objects: Objects, name: str, namespace: str) -> None:
    """Wait for a Kafka, and make it ready."""
    kafka = wait_until(partial(objects.get, KAFKA, name, namespace), what=f"there is Kafka {name}")
    _report(objects, KAFKA, kafka, _condition("Ready", "True"))


def strimzi_finishes(installation: Installation) -> None:
    """Wait for every topic and user of a TodoApp, and make them ready.

    Each user gets its Secret, and so does the authority of the Kafka.
    """
    objects = installation.objects
    for wanted in installation.rendered(KAFKA_TOPIC, KAFKA_USER):
        kind, metadata = kind_of(wanted), wanted["metadata"]
        name, namespace = metadata["name"], metadata["namespace"]
        made = wait_until(partial(objects.get, kind, name, namespace), what=f"there is {kind.name} {name}")
        if kind is KAFKA_USER:
            authority = f"{metadata['labels']['strimzi.io/cluster']}-cluster-ca-cert"
            _put_secret(objects, authority, namespace, {"ca.crt": "a certificate"})
            _put_secret(objects, name, namespace, {"password": f"password of {name}"})
        _report(objects, kind, made, _condition("Ready", "True"))


def strimzi_refuses(objects: Objects, name: str, namespace: str, *, message: str) -> None:
    """Fail a user as Strimzi's user operator does: by a condition of its own, and no `Ready`."""
    user = wait_until(partial(objects.get, KAFKA_USER, name, namespace), what=f"there is KafkaUser {name}")
    _report(objects, KAFKA_USER, user, _condition("NotReady", "True", "InvalidResourceException", message))


def cloudnative_pg_finishes(installation: Installation) -> None:
    """Wait for a TodoApp's own database, give it a Secret, and make it ready."""
    objects, name, namespace = installation.objects, f"{installation.name}-database", installation.namespace
    cluster = wait_until(partial(objects.get, DATABASE, name, namespace), what=f"there is Cluster {name}")
    _put_secret(objects, f"{name}-app", namespace, {"uri": f"postgresql://app:secret@{name}-rw/app"})
    instances = cluster["spec"]["instances"]
    ready = {"instances": instances, "readyInstances": instances, "phase": "Cluster in healthy state"}
    _report(objects, DATABASE, cluster, _condition("Ready", "True", "ClusterIsReady"), **ready)


def gateway_accepts(installation: Installation) -> None:
    """Take a TodoApp's route as the controller of its Gateway does."""
    _accept(installation.objects, installation.name, installation.namespace)


def entrance_opens(objects: Objects) -> None:
    """Make the Gateway of an environment, the redirect to it and the issuer of its certificate ready."""
    ready = (
        (GATEWAY_CLASS, "envoy", None, _condition("Accepted", "True", "Accepted")),
        (GATEWAY, "public", "gateways", _condition("Programmed", "True", "Programmed")),
        (ISSUER, "todoapp", None, _condition("Ready", "True", "ACMEAccountRegistered")),
    )
    for kind, name, namespace, condition in ready:
        wait_until(partial(objects.get, kind, name, namespace), what=f"there is {kind.name} {name}")
        status = {"conditions": [condition]}
        objects.edit(kind, name, namespace, {"status": status}, subresource="status")
    _accept(objects, "to-https", "gateways")


def _accept(objects: Objects, name: str, namespace: str) -> None:
    route = wait_until(partial(objects.get, ROUTE, name, namespace), what=f"there is HTTPRoute {name}")
    parents = [
        {"parentRef": parent, "controllerName": "example.com/gateway", "conditions": [_accepted(route)]}
        for parent in route["spec"]["parentRefs"]
    ]
    objects.edit(ROUTE, name, namespace, {"status": {"parents": parents}}, subresource="status")


def _put_secret(objects: Objects, name: str, namespace: str, values: dict[str, str]) -> None:
    manifest = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": values}
    objects.apply(SECRET, manifest, namespace)


def _report(objects: Objects, kind: Kind, manifest: Manifest, condition: dict[str, Any], **more: Any) -> None:
    metadata = manifest["metadata"]
    observed = {} if kind is DATABASE else {"observedGeneration": metadata["generation"]}
    status = {"conditions": [condition], **observed, **more}
    objects.edit(kind, metadata["name"], metadata["namespace"], {"status": status}, subresource="status")


def _condition(kind: str, status: str, reason: str = "Done", message: str = "") -> dict[str, Any]:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return {"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": now}


def _accepted(route: Manifest) -> dict[str, Any]:
    return _condition("Accepted", "True", "Accepted") | {
        "observedGeneration": route["metadata"]["generation"]
    }
