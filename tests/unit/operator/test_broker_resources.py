"""What a TodoApp asks of Strimzi and KEDA, and the ways that stay open to it."""

from typing import Any

import pytest

from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.render.names import names_on_cluster
from todoapp_operator.render.scaling import autoscalers
from todoapp_operator.render.strimzi import strimzi_resources
from todoapp_operator.resource.component import Component
from todoapp_operator.resource.spec import TodoApp

ADDRESSES = ["a.example.com:9094", "b.example.com:9095"]
BY_LAG = {"notification": {"autoscaling": {"maxReplicas": 4, "lag": 50}}}
SECRET = {"name": "s"}
KAFKA_PASSWORD = {"kafka": {"brokers": ADDRESSES, "auth": "scram", "credentialsSecretRef": SECRET}}


def todoapp(**spec: Any) -> TodoApp:
    return TodoApp.model_validate({"metadata": {"name": "todo", "namespace": "home"}, "spec": spec})


def rendered(app: TodoApp) -> list[Manifest]:
    return strimzi_resources(app, names_on_cluster(app))


def of_kind(kind: str, manifests: list[Manifest]) -> list[Manifest]:
    return [manifest for manifest in manifests if manifest["kind"] == kind]


def test_topics_have_the_configured_sizes_in_kafkas_namespace() -> None:
    app = todoapp(topics={"taskEvents": {"partitions": 12, "retention": "2h"}})

    manifests = of_kind("KafkaTopic", rendered(app))

    topics = {each["spec"]["topicName"].removeprefix("home.todo."): each for each in manifests}
    assert set(topics) == {
        *("task-events", "reminders", "task-updates", "activity-logs"),
        *("task-events-dead-letter", "reminders-dead-letter", "task-updates-dead-letter"),
    }
    assert topics["task-events"]["spec"]["partitions"] == 12
    assert topics["task-events"]["spec"]["config"] == {"retention.ms": 7_200_000}
    assert topics["task-events-dead-letter"]["spec"]["partitions"] == 1
    assert topics["reminders"]["metadata"]["namespace"] == "kafka"
    assert topics["reminders"]["metadata"]["labels"]["strimzi.io/cluster"] == "kafka"


def test_a_kafkatopic_is_named_after_its_topic_and_form() -> None:
    """Strimzi refuses a KafkaTopic whose topic's name changes, so earlier ones may not have the same name."""
    for manifest in of_kind("KafkaTopic", rendered(todoapp())):
        topic = manifest["spec"]["topicName"]
        assert topic.startswith("home.todo.")
        assert manifest["metadata"]["name"] == f"{topic}.v1"


def test_users_own_broker_has_topics_as_the_resource_says() -> None:
    app = todoapp(broker=KAFKA_PASSWORD, topics={"reminders": {"name": "alarms"}}, **BY_LAG)

    _, scaled = autoscalers(app, Component.NOTIFICATION, target="todo-notification")

    assert scaled["spec"]["triggers"][0]["metadata"]["topic"] == "alarms"


def test_a_user_reads_subscribed_topics_and_writes_all() -> None:
    users = of_kind("KafkaUser", rendered(todoapp()))
    reads, writes = (
        {
            user["metadata"]["name"]: {
                acl["resource"]["name"]
                for acl in user["spec"]["authorization"]["acls"]
                if operation in acl["operations"]
            }
            for user in users
        }
        for operation in ("Read", "Write")
    )

    own = "home.todo."
    topics = {f"{own}{name}" for name in ("task-events", "reminders", "task-updates", "activity-logs")}
    assert reads == {
        "home.todo.api": {f"{own}task-updates", f"{own}task-updates-dead-letter", "home.todo-api-"},
        "home.todo.notification": {
            *(f"{own}reminders", f"{own}reminders-dead-letter", "home.todo-notification"),
        },
        "home.todo.recurrence": {
            *(f"{own}task-events", f"{own}task-events-dead-letter", "home.todo-recurrence"),
        },
    }
    assert writes == {
        "home.todo.api": {*topics, f"{own}task-updates-dead-letter"},
        "home.todo.notification": {*topics, f"{own}reminders-dead-letter"},
        "home.todo.recurrence": {*topics, f"{own}task-events-dead-letter"},
    }


def test_only_the_apis_groups_are_as_many_as_its_pods() -> None:
    prefixes = {
        acl["resource"]["name"]
        for user in of_kind("KafkaUser", rendered(todoapp()))
        for acl in user["spec"]["authorization"]["acls"]
        if acl["resource"]["patternType"] == "prefix"
    }

    assert prefixes == {"home.todo-api-"}


@pytest.mark.parametrize("broker", [KAFKA_PASSWORD, {"kafka": {"brokers": ADDRESSES}}])
def test_any_other_broker_gets_nothing_of_strimzi(broker: dict[str, Any]) -> None:
    assert rendered(todoapp(broker=broker)) == []


def test_the_unread_count_is_per_group_and_topic() -> None:
    manifests = autoscalers(todoapp(**BY_LAG), Component.NOTIFICATION, target="todo-notification")
    authentication, scaled = manifests
    [trigger] = scaled["spec"]["triggers"]

    assert trigger["metadata"] == {
        "bootstrapServers": "kafka-kafka-bootstrap.kafka.svc:9093",
        "consumerGroup": "home.todo-notification",
        "topic": "home.todo.reminders",
        "lagThreshold": "50",
        "offsetResetPolicy": "earliest",
        "version": "3.0.0",
        "tls": "enable",
        "sasl": "scram_sha512",
    }
    assert trigger["authenticationRef"]["name"] == authentication["metadata"]["name"]
    assert {each["parameter"] for each in authentication["spec"]["secretTargetRef"]} == {
        *("username", "password", "ca"),
    }


def test_an_open_broker_needs_no_authentication() -> None:
    app = todoapp(broker={"kafka": {"brokers": ADDRESSES}}, **BY_LAG)

    [scaled] = autoscalers(app, Component.NOTIFICATION, target="todo-notification")

    assert "authenticationRef" not in scaled["spec"]["triggers"][0]


def test_cpu_is_measured_without_the_sidecar() -> None:
    [scaler] = autoscalers(todoapp(api={"autoscaling": {"maxReplicas": 4}}), Component.API, target="todo-api")

    assert scaler["spec"]["metrics"][0]["containerResource"] == {
        "name": "cpu",
        "container": "api",
        "target": {"type": "Utilization", "averageUtilization": 70},
    }
