"""The policy pack lets good resources pass, and says of a bad one what is wrong and what would be right."""

from collections.abc import Mapping
from typing import Any

import pytest

from testbed.pulumi.policies import violations
from todoapp_operator.commands.crd import crd

CONTAINER = {
    "name": "app",
    "image": "registry.example.com:5000/app:1.2.3",
    "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
    "livenessProbe": {"httpGet": {"path": "/health", "port": 8000}},
    "readinessProbe": {"httpGet": {"path": "/health", "port": 8000}},
}
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
RELEASE = "kubernetes:helm.sh/v3:Release"
SERVICE = "kubernetes:core/v1:Service"
GATEWAY = "kubernetes:gateway.networking.k8s.io/v1:Gateway"
INGRESS = "kubernetes:networking.k8s.io/v1:Ingress"
DEFINITION = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"
TODOAPP = "kubernetes:todoapp.dev/v1alpha1:TodoApp"


def pods(**changes: Any) -> dict[str, Any]:
    return {"spec": {"template": {"spec": {"containers": [{**CONTAINER, **changes}]}}}}


def without(field: str) -> dict[str, Any]:
    container = {name: value for name, value in CONTAINER.items() if name != field}
    return {"spec": {"template": {"spec": {"containers": [container]}}}}


def balancer(*ports: int, **annotations: str) -> dict[str, Any]:
    return {
        "metadata": {"annotations": annotations},
        "spec": {"type": "LoadBalancer", "ports": [{"port": port} for port in ports]},
    }


def listener(protocol: str, routes: str | None = None) -> dict[str, Any]:
    allowed = {"allowedRoutes": {"namespaces": {"from": routes}}} if routes else {}
    return {"spec": {"listeners": [{"name": "web", "protocol": protocol, **allowed}]}}


@pytest.mark.parametrize(
    ("kind", "inputs"),
    [
        (DEPLOYMENT, pods()),
        (DEPLOYMENT, pods(image="app@sha256:" + 64 * "0")),
        (
            DEPLOYMENT,
            pods(env=[{"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "url"}}}]),
        ),
        ("kubernetes:core/v1:Secret", {"stringData": {"password": "p", "url": "https://a:b@example.com"}}),
        ("kubernetes:core/v1:ConfigMap", {"data": {"level": "info", "url": "https://example.com:443/a@b"}}),
        (RELEASE, {"version": "v1.21.2", "values": {"admin": {"existingSecret": "a", "passwordKey": "b"}}}),
        ("redpanda:index/user:User", {"name": "todo", "password": "p"}),
        (SERVICE, balancer(443)),
        (SERVICE, balancer(80, **{"networking.gke.io/load-balancer-type": "Internal"})),
        (SERVICE, balancer(80, **{"service.beta.kubernetes.io/azure-load-balancer-internal": "true"})),
        (SERVICE, balancer(80, **{"service.beta.kubernetes.io/oci-load-balancer-internal": "true"})),
        (SERVICE, {"spec": {"type": "ClusterIP", "ports": [{"port": 80}]}}),
        (INGRESS, {"spec": {"tls": [{"secretName": "todo-tls"}]}}),
        (GATEWAY, listener("HTTPS")),
        (GATEWAY, listener("HTTP", "Same")),
        (TODOAPP, {"spec": {"ingress": {"host": "todo.example.com", "tlsSecretName": "todo-tls"}}}),
        (TODOAPP, {"spec": {}}),
        (DEFINITION, crd()),
    ],
)
def test_a_good_resource_passes(kind: str, inputs: Mapping[str, Any]) -> None:
    assert violations(kind, inputs) == []


@pytest.mark.parametrize(
    ("kind", "inputs", "policy", "sentence"),
    [
        (
            DEPLOYMENT,
            pods(env=[{"name": "DB_PASSWORD", "value": "p"}]),
            "no_plain_secrets",
            "spec.template.spec.containers.0.env.0 gives DB_PASSWORD in plain text; "
            "take it from a Secret by valueFrom.",
        ),
        (
            "kubernetes:core/v1:ConfigMap",
            {"data": {"apiKey": "k"}},
            "no_plain_secrets",
            "data.apiKey is readable by everyone; name a Secret instead.",
        ),
        (
            TODOAPP,
            {"spec": {"api": {"env": [{"name": "X", "value": "postgresql://a:b@db/todo"}]}}},
            "no_plain_secrets",
            "spec.api.env.0.value is a URL with a password; keep it in a Secret.",
        ),
        (
            DEFINITION,
            {"spec": {"schema": {"description": "As http://a:b@c.", "default": "http://a:b@c"}}},
            "no_plain_secrets",
            "spec.schema.default is a URL with a password; keep it in a Secret.",
        ),
        (
            RELEASE,
            {"version": "1.2.3", "values": {"grafana": {"adminPassword": "p"}}},
            "no_plain_secrets",
            "values.grafana.adminPassword is readable by everyone; name a Secret instead.",
        ),
        (
            RELEASE,
            {"values": {}},
            "no_latest_tags",
            "The chart has no exact version; write one such as 1.2.3.",
        ),
        (
            RELEASE,
            {"version": "^1.2.0", "values": {}},
            "no_latest_tags",
            "The chart has no exact version; write one such as 1.2.3.",
        ),
        (
            RELEASE,
            {"version": "1.2.3", "values": {"image": {"tag": "latest"}}},
            "no_latest_tags",
            "values.image.tag is latest; name a version.",
        ),
        (
            TODOAPP,
            {"spec": {"image": "registry.example.com:5000/todoapp"}},
            "no_latest_tags",
            "spec.image is 'registry.example.com:5000/todoapp'; name a version that is not latest.",
        ),
        (
            DEPLOYMENT,
            pods(image="app:latest"),
            "no_latest_tags",
            "spec.template.spec.containers.0.image is 'app:latest'; name a version that is not latest.",
        ),
        (
            DEPLOYMENT,
            without("readinessProbe"),
            "resources_and_probes",
            "Container app has no readinessProbe.",
        ),
        (
            "kubernetes:apps/v1:StatefulSet",
            without("resources"),
            "resources_and_probes",
            "Container app has no resources.requests.cpu, resources.requests.memory, "
            "resources.limits.memory.",
        ),
        (
            "kubernetes:apps/v1:DaemonSet",
            without("livenessProbe"),
            "resources_and_probes",
            "Container app has no livenessProbe.",
        ),
        (
            SERVICE,
            balancer(80, **{"service.beta.kubernetes.io/azure-load-balancer-internal": "false"}),
            "no_public_plain_http",
            "The load balancer opens port 80; open 443 alone, or make it internal.",
        ),
        (
            SERVICE,
            balancer(443, 80),
            "no_public_plain_http",
            "The load balancer opens port 80; open 443 alone, or make it internal.",
        ),
        (
            INGRESS,
            {"spec": {"rules": []}},
            "no_public_plain_http",
            "The Ingress has no tls; name a Secret with a certificate.",
        ),
        (
            GATEWAY,
            listener("HTTP"),
            "no_public_plain_http",
            "Listener web serves without TLS; use HTTPS, or routes from Same.",
        ),
        (
            TODOAPP,
            {"spec": {"ingress": {"host": "todo.example.com"}}},
            "no_public_plain_http",
            "spec.ingress has no tlsSecretName; name a Secret with a certificate.",
        ),
    ],
)
def test_a_bad_resource_is_refused_with_a_sentence(
    kind: str, inputs: Mapping[str, Any], policy: str, sentence: str
) -> None:
    assert violations(kind, inputs) == [(policy, sentence)]
