from typing import Any

import pytest

from todoapp_operator.backing_services import Broker
from todoapp_operator.render.dapr.pubsub import embedded_pubsub, kafka_pubsub
from todoapp_operator.render.manifest import Manifest
from todoapp_operator.spec import TodoApp

APP = TodoApp.model_validate({"metadata": {"name": "todo"}})
BROKERS = ["a.example.com:9093", "b.example.com:9093"]


def settings(manifest: Manifest) -> dict[str, Any]:
    return {
        each["name"]: each.get("value", each.get("secretKeyRef")) for each in manifest["spec"]["metadata"]
    }


def connection(**broker: Any) -> dict[str, Any]:
    shared, _ = kafka_pubsub(APP, Broker.model_validate(broker))
    return settings(shared)


def test_strimzis_user_and_authority_are_taken_from_its_secrets() -> None:
    kafka = connection(strimzi={"cluster": "events", "namespace": "streams"})

    assert kafka["brokers"] == "events-kafka-bootstrap.streams.svc:9093"
    assert kafka["saslUsername"] == "todo-kafka"
    assert kafka["saslPassword"] == {"name": "todo-kafka", "key": "password"}
    assert kafka["caCert"] == {"name": "events-cluster-ca-cert", "key": "ca.crt"}


def test_redpanda_cloud_is_trusted_by_public_authorities() -> None:
    kafka = connection(redpanda={"brokers": BROKERS, "credentialsSecretRef": {"name": "redpanda"}})

    assert kafka["brokers"] == "a.example.com:9093,b.example.com:9093"
    assert kafka["saslUsername"] == {"name": "redpanda", "key": "username"}
    assert "caCert" not in kafka


@pytest.mark.parametrize(
    ("kafka", "auth_type"),
    [
        ({"auth": "none"}, "none"),
        ({"auth": "none", "caSecretRef": {"name": "ca"}}, "certificate"),
        ({"auth": "scram", "credentialsSecretRef": {"name": "user"}}, "password"),
        ({"auth": "mtls", "certificateSecretRef": {"name": "cert"}, "caSecretRef": {"name": "ca"}}, "mtls"),
    ],
)
def test_any_other_kafka_is_spoken_to_as_it_wants(kafka: dict[str, Any], auth_type: str) -> None:
    rendered = connection(kafka={"brokers": BROKERS, **kafka})

    assert rendered["authType"] == auth_type
    assert ("caCert" in rendered) == ("caSecretRef" in kafka)
    assert rendered.get("saslMechanism") == ("SHA-512" if auth_type == "password" else None)


@pytest.mark.parametrize(
    "pair",
    [embedded_pubsub(), kafka_pubsub(APP, Broker.model_validate({"strimzi": {}}))],
    ids=["embedded", "kafka"],
)
def test_replicas_share_pubsub_and_each_hears_all_updates(pair: list[Manifest]) -> None:
    shared, updates = map(settings, pair)

    assert shared["initialOffset"] == "oldest"
    assert "consumerID" not in shared
    assert (updates["initialOffset"], updates["consumerID"]) == ("newest", "{podName}")
