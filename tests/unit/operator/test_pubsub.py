from typing import Any

import pytest

from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.render.dapr.annotations import sidecar_annotations
from todoapp_operator.render.dapr.pubsub import embedded_pubsub, kafka_pubsub
from todoapp_operator.render.names import LAPTOP
from todoapp_operator.resource.backing_services import Broker
from todoapp_operator.resource.component import Component
from todoapp_operator.resource.spec import TodoApp

APP = TodoApp.model_validate({"metadata": {"name": "todo"}})
BROKERS = ["a.example.com:9093", "b.example.com:9093"]


def settings(manifest: Manifest) -> dict[str, Any]:
    return {
        each["name"]: each.get("value", each.get("secretKeyRef", each.get("envRef")))
        for each in manifest["spec"]["metadata"]
    }


def connection(**broker: Any) -> dict[str, Any]:
    shared, _ = kafka_pubsub(APP, Broker.model_validate(broker), LAPTOP)
    return settings(shared)


def test_the_strimzi_connection_reads_user_and_authority_from_secrets() -> None:
    kafka = connection(strimzi={"cluster": "events", "namespace": "streams"})

    assert kafka["brokers"] == "events-kafka-bootstrap.streams.svc:9093"
    assert kafka["saslUsername"] == "KAFKA_SASL_USERNAME"
    assert kafka["saslPassword"] == "KAFKA_SASL_PASSWORD"
    assert kafka["caCert"] == {"name": "todo-kafka", "key": "ca.crt"}


def test_each_sidecar_gets_the_user_of_its_process() -> None:
    environments = {
        component: sidecar_annotations(APP, component, LAPTOP)["dapr.io/env-from-secret"]
        for component in Component
    }

    assert environments == {
        component: (
            f"KAFKA_SASL_USERNAME=todo-kafka-{component}:username,"
            f"KAFKA_SASL_PASSWORD=todo-kafka-{component}:password"
        )
        for component in Component
    }


def test_a_user_of_your_own_is_read_with_the_component() -> None:
    broker = {"redpanda": {"brokers": BROKERS, "credentialsSecretRef": {"name": "redpanda"}}}
    app = TodoApp.model_validate({"metadata": {"name": "todo"}, "spec": {"broker": broker}})

    assert "dapr.io/env-from-secret" not in sidecar_annotations(app, Component.API, LAPTOP)


def test_redpanda_cloud_is_trusted_by_public_authorities() -> None:
    kafka = connection(redpanda={"brokers": BROKERS, "credentialsSecretRef": {"name": "redpanda"}})

    assert kafka["brokers"] == "a.example.com:9093,b.example.com:9093"
    assert kafka["saslUsername"] == {"name": "redpanda", "key": "username"}
    assert "caCert" not in kafka


@pytest.mark.parametrize(
    ("other", "auth_type"),
    [
        ({"auth": "none"}, "none"),
        ({"auth": "none", "caSecretRef": {"name": "ca"}}, "certificate"),
        ({"auth": "scram", "credentialsSecretRef": {"name": "user"}}, "password"),
        ({"auth": "mtls", "certificateSecretRef": {"name": "cert"}, "caSecretRef": {"name": "ca"}}, "mtls"),
    ],
)
def test_other_kafka_clusters_get_their_configured_authentication(
    other: dict[str, Any], auth_type: str
) -> None:
    rendered = connection(kafka={"brokers": BROKERS, **other})

    assert rendered["authType"] == auth_type
    assert ("caCert" in rendered) == ("caSecretRef" in other)
    assert rendered.get("saslMechanism") == ("SHA-512" if auth_type == "password" else None)


def test_replicas_share_pubsub_and_each_receives_all_updates() -> None:
    embedded, kafka = embedded_pubsub(), kafka_pubsub(APP, Broker.model_validate({"strimzi": {}}), LAPTOP)

    for shared, updates in (map(settings, embedded), map(settings, kafka)):
        assert "{podName}" not in shared.get("consumerID", "")
        assert "{podName}" in updates["consumerID"]
        assert (shared["initialOffset"], updates["initialOffset"]) == ("oldest", "newest")


def test_todoapps_of_two_namespaces_are_two_groups_on_one_broker() -> None:
    kafka = Broker.model_validate({"strimzi": {}})
    apps = [APP, TodoApp.model_validate({"metadata": {"name": "todo", "namespace": "home"}})]

    groups = [settings(kafka_pubsub(app, kafka, LAPTOP)[0])["consumerID"] for app in apps]

    assert groups == ["default.{appID}", "home.{appID}"]
