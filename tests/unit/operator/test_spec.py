"""Each rule across fields, in Python and in the CEL that the API server gets."""

from typing import Any

import pytest
from pydantic import ValidationError

from testbed.kubernetes.cel import evaluate
from todoapp_operator.resource.backing_services import Broker, Database, Kafka, Topic, Topics
from todoapp_operator.resource.rules import Part
from todoapp_operator.resource.spec import Auth, Gateway, Observability, TodoApp, TodoAppSpec
from todoapp_operator.resource.workload import (
    Autoscaling,
    EnvVar,
    EnvVarSource,
    Resources,
    Toleration,
    Workload,
)

SECRET = {"name": "s"}
KEY = {"name": "s", "key": "k"}
OIDC = {"issuer": "https://id.example.com", "audience": "todo", "clientId": "web"}
REDPANDA = {"brokers": ["a.example.com:9092"], "credentialsSecretRef": SECRET}
GATEWAY = {"parentRefs": [SECRET], "hostnames": ["todo.example.com"]}
INGRESS = {"host": "todo.example.com"}
SCALING = {"minReplicas": 1, "maxReplicas": 3}
FIELDS = ("taskEvents", "reminders", "taskUpdates", "activityLogs")
TOPICS = {"taskEvents": {"name": "task-events"}, "reminders": {"name": "reminders"}} | {
    "taskUpdates": {"name": "task-updates"},
    "activityLogs": {"name": "activity-logs"},
}
REFUSED_ANNOTATIONS = (
    *("sidecar-image", "inject-pluggable-components", "component-container", "volume-mounts", "env"),
    *("app-port", "sidecar-listen-addresses", "enable-debug", "http-port", "unix-domain-socket-path"),
    *("app-token-secret", "disable-builtin-k8s-secret-store", "config", "placement-host-address", ""),
)
ASSISTANT = {"model": "claude", "apiKeySecretRef": SECRET}


def spec(**fields: Any) -> dict[str, Any]:
    defaults = {
        "api": {},
        "features": {"assistant": False},
        "imagePullSecrets": [],
        "clusterCidrs": [],
        "topics": TOPICS,
    }
    return defaults | fields


def kafka(auth: str, **fields: Any) -> dict[str, Any]:
    return {"brokers": ["a.example.com:9092"], "auth": auth, **fields}


def topics(*names: str) -> dict[str, Any]:
    return {field: {"name": name} for field, name in zip(FIELDS, names, strict=True)}


def env(*names: str) -> dict[str, Any]:
    return {"env": [{"name": name, "value": "1"} for name in names]}


KEPT: list[tuple[type[Part], dict[str, Any]]] = [
    (Database, {"secretRef": SECRET}),
    (Database, {"cluster": {}}),
    (Broker, {"strimzi": {}}),
    (Broker, {"redpanda": REDPANDA}),
    (Broker, {"kafka": kafka("none")}),
    (Auth, {"jwtSecretRef": SECRET}),
    (Auth, {"oidc": OIDC}),
    (Kafka, kafka("none", caSecretRef=SECRET)),
    (Kafka, kafka("scram", credentialsSecretRef=SECRET)),
    (Kafka, kafka("mtls", certificateSecretRef=SECRET, caSecretRef=SECRET)),
    (Topics, topics("a", "b", "c", "d")),
    (EnvVar, {"name": "A", "value": "1"}),
    (EnvVar, {"name": "A", "valueFrom": {"secretKeyRef": KEY}}),
    (Autoscaling, SCALING),
    (Autoscaling, {**SCALING, "lag": 100}),
    (Workload, {"env": [], "replicas": 2}),
    (Workload, {"env": [], "autoscaling": SCALING}),
    (Workload, env("TODOAPP_FEED_DAYS", "B")),
    (Workload, {"env": [], "podAnnotations": {"dapr.io/max-body-size": "8Mi", "dapr.io.example.com/a": "b"}}),
    (Resources, {}),
    (Resources, {"requests": {"cpu": "0.5"}, "limits": {"cpu": "500m", "memory": "1Gi"}}),
    (Toleration, {"operator": "Exists"}),
    (Toleration, {"key": "a", "value": "b", "effect": "NoExecute", "tolerationSeconds": 5}),
    (Gateway, GATEWAY),
    (TodoAppSpec, spec()),
    (TodoAppSpec, spec(imagePullSecrets=[SECRET, {"name": "t"}])),
    (TodoAppSpec, spec(ingress=INGRESS)),
    (TodoAppSpec, spec(ingress=INGRESS, trustedProxies=["10.0.0.0/8", "fc00::/7"])),
    (TodoAppSpec, spec(gateway=GATEWAY)),
    (TodoAppSpec, spec(api={"autoscaling": {**SCALING, "cpu": 50}})),
    (TodoAppSpec, spec(recurrence={"autoscaling": {**SCALING, "lag": 50}})),
    (TodoAppSpec, spec(features={"assistant": True}, assistant=ASSISTANT)),
    (TodoAppSpec, spec(broker={"strimzi": {}})),
    (TodoAppSpec, spec(broker={"redpanda": REDPANDA}, topics=topics("a", "b", "c", "d"))),
    (TodoAppSpec, spec(broker={"kafka": kafka("none")}, topics=topics("a", "b", "c", "d"))),
]

BROKEN: list[tuple[type[Part], dict[str, Any], str, str]] = [
    (Database, {}, "secretRef", "exactly one of `secretRef` and `cluster`"),
    (Database, {"secretRef": SECRET, "cluster": {}}, "secretRef", "exactly one"),
    (Broker, {}, "strimzi", "exactly one of `strimzi`, `redpanda` and `kafka`"),
    (Broker, {"strimzi": {}, "redpanda": REDPANDA}, "strimzi", "exactly one"),
    (Kafka, kafka("scram"), "credentialsSecretRef", "`auth: scram` needs it"),
    (Kafka, kafka("none", credentialsSecretRef=SECRET), "credentialsSecretRef", "belongs to `auth: scram`"),
    (Kafka, kafka("mtls", caSecretRef=SECRET), "certificateSecretRef", "`auth: mtls` needs it"),
    (Kafka, kafka("mtls", certificateSecretRef=SECRET), "caSecretRef", "`auth: mtls` needs `caSecretRef`"),
    (Topics, topics("a", "b", "c", "a"), "taskEvents", "must have different names"),
    (Topic, {"name": "a-dead-letter", "retention": "1d"}, "name", "may not end in '-dead-letter'"),
    (EnvVar, {"name": "A"}, "value", "exactly one of `value` and `valueFrom`"),
    (EnvVarSource, {}, "secretKeyRef", "exactly one of `secretKeyRef`, `configMapKeyRef` and `fieldRef`"),
    (Autoscaling, {"minReplicas": 3, "maxReplicas": 2}, "maxReplicas", "at least `minReplicas`"),
    (Autoscaling, {**SCALING, "cpu": 70, "lag": 100}, "lag", "`cpu` and `lag` exclude each other"),
    (Workload, {"env": [], "replicas": 1, "autoscaling": SCALING}, "autoscaling", "exclude each other"),
    (Workload, env("A", "A"), "env", "only once"),
    (Workload, env("TODOAPP_PORT"), "env", "may not set what other fields decide"),
    *(
        (
            Workload,
            {"env": [], "podAnnotations": {f"dapr.io/{name}": "x"}},
            "podAnnotations",
            "may not change",
        )
        for name in REFUSED_ANNOTATIONS
    ),
    (Resources, {"requests": {"cpu": 2}, "limits": {"cpu": "1500m"}}, "limits", "at least the request"),
    (Toleration, {"value": "b"}, "operator", "without `key`"),
    (Toleration, {"operator": "Exists", "value": "b"}, "value", "ignores values"),
    (Toleration, {"key": "a", "tolerationSeconds": 5}, "tolerationSeconds", "belongs to `effect: NoExecute`"),
    (Gateway, {**GATEWAY, "parentRefs": [SECRET, SECRET]}, "parentRefs", "in `parentRefs` only once"),
    (
        TodoAppSpec,
        spec(imagePullSecrets=[SECRET, SECRET]),
        "imagePullSecrets",
        "in `imagePullSecrets` only once",
    ),
    (TodoAppSpec, spec(clusterCidrs=["10.0.0.0/8"] * 2), "clusterCidrs", "in `clusterCidrs` only once"),
    (Observability, {"scrapedFrom": ["a", "a"]}, "scrapedFrom", "in `scrapedFrom` only once"),
    (TodoAppSpec, spec(ingress=INGRESS, gateway=GATEWAY), "gateway", "exclude each other"),
    (
        TodoAppSpec,
        spec(api={"autoscaling": {**SCALING, "lag": 5}}),
        "api.autoscaling.lag",
        "scale `api` by `cpu`",
    ),
    (TodoAppSpec, spec(features={"assistant": True}), "features.assistant", "needs `assistant`"),
    *(
        (
            TodoAppSpec,
            spec(topics=TOPICS | {field: {"name": "payments-ledger"}}, **broker),
            f"topics.{field}.name",
            "only with `broker.redpanda` or `broker.kafka`",
        )
        for field in FIELDS
        for broker in ({}, {"broker": {"strimzi": {"cluster": "payments", "namespace": "payments"}}})
    ),
]


@pytest.mark.parametrize(("part", "value"), KEPT)
def test_valid_value_passes_every_rule(part: type[Part], value: dict[str, Any]) -> None:
    part.model_validate(value)

    assert all(evaluate(rule.cel, value) for rule in part.rules)


@pytest.mark.parametrize(("part", "value", "field", "sentence"), BROKEN)
def test_a_broken_rule_names_field_and_rule(
    part: type[Part], value: dict[str, Any], field: str, sentence: str
) -> None:
    with pytest.raises(ValidationError) as error:
        part.model_validate(value)

    [details] = error.value.errors()
    assert details["ctx"]["field"] == field
    assert sentence in details["msg"]
    broken = [rule.field for rule in part.rules if not evaluate(rule.cel, value)]
    assert broken == [field]


def test_every_rule_is_broken_somewhere_above() -> None:
    rules = {rule.sentence for part in parts_of(TodoApp) for rule in part.rules}
    broken = [sentence for _, _, _, sentence in BROKEN]

    assert [rule for rule in rules if not any(sentence in rule for sentence in broken)] == []


def test_the_rules_go_into_the_schema() -> None:
    database = TodoApp.model_json_schema()["$defs"]["Database"]

    assert database["x-kubernetes-validations"] == [
        {
            "rule": "[has(self.secretRef), has(self.cluster)].exists_one(given, given)",
            "message": "exactly one of `secretRef` and `cluster` must be given",
            "fieldPath": ".secretRef",
        }
    ]


def test_every_field_has_a_description() -> None:
    undescribed = [
        f"{part.__name__}.{name}"
        for part in parts_of(TodoApp)
        for name, field in part.model_fields.items()
        if not field.description
    ]
    assert undescribed == []


def parts_of(root: type[Part]) -> set[type[Part]]:
    """Every kind of part that the schema of `root` refers to."""
    used = set(root.model_json_schema()["$defs"]) | {root.__name__}
    return {part for part in subclasses(Part) if part.__name__ in used}


def subclasses(part: type[Part]) -> set[type[Part]]:
    direct = set(part.__subclasses__())
    return direct | {below for each in direct for below in subclasses(each)}
