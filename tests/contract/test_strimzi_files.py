"""What is under strimzi/ fits what is rendered for a TodoApp, and the components under dapr/."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from testbed.kubernetes.overlays import built
from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.render.names import LAPTOP
from todoapp_operator.render.strimzi import strimzi_resources
from todoapp_operator.resource.component import Component
from todoapp_operator.resource.spec import TodoApp

STRIMZI = Path("strimzi")
APP = TodoApp.model_validate({"metadata": {"name": "todo"}, "spec": {"broker": {"strimzi": {}}}})
CLUSTERS = ["development", "production"]

# The first test on a machine builds kustomize.
pytestmark = pytest.mark.timeout(func_only=True)


def rendered(kind: str) -> list[Manifest]:
    return [each for each in strimzi_resources(APP, LAPTOP) if each["kind"] == kind]


def of_kind(kind: str, manifests: list[Manifest]) -> dict[str, Any]:
    return {each["metadata"]["name"]: each["spec"] for each in manifests if each["kind"] == kind}


def test_topics_are_those_of_the_default_todoapp(kustomize: Path) -> None:
    topics = of_kind("KafkaTopic", built(kustomize, STRIMZI / "topics"))

    assert topics == {topic["spec"]["topicName"]: topic["spec"] for topic in rendered("KafkaTopic")}


def test_users_are_those_of_its_processes_and_one_outside(kustomize: Path) -> None:
    users = of_kind("KafkaUser", built(kustomize, STRIMZI / "users"))

    assert users.pop("activity-reader")["authentication"] == {"type": "tls"}
    assert users == {
        f"todo-{component}": user["spec"]
        for component, user in zip(Component, rendered("KafkaUser"), strict=True)
    }


@pytest.mark.parametrize("folder", ["topics", "users"])
def test_strimzis_operators_find_the_topics_and_users(folder: str, kustomize: Path) -> None:
    for manifest in built(kustomize, STRIMZI / folder):
        assert manifest["metadata"]["namespace"] == "kafka"
        assert manifest["metadata"]["labels"] == {"strimzi.io/cluster": "kafka"}


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_a_cluster_is_where_dapr_looks_for_it(cluster: str, kustomize: Path) -> None:
    manifests = built(kustomize, STRIMZI / cluster)
    [kafka] = [each for each in manifests if each["kind"] == "Kafka"]
    doors = {listener["port"]: listener for listener in kafka["spec"]["kafka"]["listeners"]}
    settings = {
        each["name"]: each.get("value")
        for each in yaml.safe_load(Path("dapr/components/strimzi/pubsub.yaml").read_text())["spec"][
            "metadata"
        ]
    }

    place = f"{kafka['metadata']['name']}-kafka-bootstrap.{kafka['metadata']['namespace']}.svc"
    host, _, port = settings["brokers"].partition(":")
    assert host == place
    assert doors[int(port)]["tls"] is True
    assert doors[int(port)]["authentication"] == {
        "type": f"scram-{settings['saslMechanism'].lower()}",
    }


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_nothing_is_open_and_every_broker_is_in_a_pool(cluster: str, kustomize: Path) -> None:
    manifests = built(kustomize, STRIMZI / cluster)
    [kafka] = of_kind("Kafka", manifests).values()
    pools = [each for each in manifests if each["kind"] == "KafkaNodePool"]

    assert all(listener["tls"] and listener["authentication"] for listener in kafka["kafka"]["listeners"])
    assert kafka["kafka"]["authorization"] == {"type": "simple"}
    assert kafka["entityOperator"].keys() == {"topicOperator", "userOperator"}
    assert all(pool["metadata"]["labels"] == {"strimzi.io/cluster": "kafka"} for pool in pools)


@pytest.mark.parametrize(
    ("cluster", "nodes", "copies", "acknowledged"),
    [
        ("development", {"controller": 1, "broker": 1}, 1, 1),
        ("production", {"controller": 3, "broker": 3}, 3, 2),
    ],
)
def test_records_are_on_as_many_brokers_as_there_are(
    cluster: str, nodes: dict[str, int], copies: int, acknowledged: int, kustomize: Path
) -> None:
    manifests = built(kustomize, STRIMZI / cluster)
    [kafka] = of_kind("Kafka", manifests).values()
    config = kafka["kafka"]["config"]
    pools = of_kind("KafkaNodePool", manifests).values()

    assert nodes == {role: sum(pool["replicas"] for pool in pools if role in pool["roles"]) for role in nodes}
    assert {value for name, value in config.items() if name.endswith("replication.factor")} == {copies}
    assert {value for name, value in config.items() if name.endswith(("min.isr", "min.insync.replicas"))} == {
        acknowledged
    }


def test_production_has_metrics_zones_and_cruise_control(kustomize: Path) -> None:
    [kafka] = of_kind("Kafka", built(kustomize, STRIMZI / "production")).values()

    assert kafka["kafka"]["metricsConfig"]["type"] == "strimziMetricsReporter"
    assert kafka["kafka"]["rack"] == {"topologyKey": "topology.kubernetes.io/zone"}
    assert {each["mode"] for each in kafka["cruiseControl"]["autoRebalance"]} == {
        "add-brokers",
        "remove-brokers",
    }
    assert "kafkaExporter" in kafka


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_every_container_asks_for_what_it_needs_and_is_bounded(cluster: str, kustomize: Path) -> None:
    manifests = built(kustomize, STRIMZI / cluster)
    [kafka] = of_kind("Kafka", manifests).values()
    running = [
        *of_kind("KafkaNodePool", manifests).values(),
        *kafka["entityOperator"].values(),
        *(kafka[name] for name in ("cruiseControl", "kafkaExporter") if name in kafka),
    ]

    for part in running:
        assert part["resources"]["requests"].keys() == {"cpu", "memory"}
        assert "memory" in part["resources"]["limits"]


def test_productions_kafka_is_spread_over_zones_and_nodes(kustomize: Path) -> None:
    pools = of_kind("KafkaNodePool", built(kustomize, STRIMZI / "production"))

    for name, pool in pools.items():
        spread = pool["template"]["pod"]["topologySpreadConstraints"]
        assert {each["topologyKey"]: each["whenUnsatisfiable"] for each in spread} == {
            "topology.kubernetes.io/zone": "ScheduleAnyway",
            "kubernetes.io/hostname": "DoNotSchedule",
        }
        assert all(
            each["labelSelector"]["matchLabels"]
            == {"strimzi.io/cluster": "kafka", "strimzi.io/pool-name": name}
            for each in spread
        )
