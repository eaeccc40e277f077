"""The files under dapr/: one broker is swapped for another, rules apply everywhere, the CLI runs it all."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.render.environment import environment
from todoapp_operator.render.names import LAPTOP
from todoapp_operator.render.platform import Platform
from todoapp_operator.render.todoapp import render
from todoapp_operator.resource.component import Component
from todoapp_operator.resource.spec import TodoApp

DAPR = Path("dapr")
BROKERS: dict[str, Any] = {
    "strimzi": {"strimzi": {}},
    "redpanda": {
        "redpanda": {"brokers": ["seed.example.com:9092"], "credentialsSecretRef": {"name": "redpanda"}}
    },
}
CONNECTION = {"brokers", "saslUsername", "saslPassword", "caCert"}
# What the broker's own operator keeps, and what a sidecar is told at its start.
OF_THE_BROKER = {"KafkaTopic", "KafkaUser", "NetworkPolicy"}
ON_STRIMZI = "default.todo."
"""How every topic on Strimzi's Kafka begins, which belongs to others too."""
ANNOTATIONS = {"dapr.io/env-from-secret", "todoapp.dev/dapr"}


def parsed(file: Path) -> Manifest:
    manifest: Manifest = yaml.safe_load(file.read_text())
    return manifest


def settings(component: Manifest) -> dict[str, Any]:
    return {each["name"]: each for each in component["spec"]["metadata"]}


@pytest.mark.parametrize("name", ["pubsub", "updates"])
def test_from_strimzi_to_redpanda_only_the_connection_changes(name: str) -> None:
    strimzi, redpanda = (settings(parsed(DAPR / "components" / each / f"{name}.yaml")) for each in BROKERS)

    changed = {each for each in strimzi | redpanda if strimzi.get(each) != redpanda.get(each)}

    assert changed == CONNECTION


def test_another_broker_changes_only_the_pubsub_components_on_a_cluster() -> None:
    strimzi, redpanda = (
        {place(each): with_short_topics(each) for each in rendered(broker)} for broker in BROKERS.values()
    )

    assert strimzi.keys() == redpanda.keys()
    changed = {place for place in strimzi if strimzi[place] != redpanda[place]}
    assert changed == {("Component", "todo-pubsub"), ("Component", "todo-updates")}


def rendered(broker: dict[str, Any]) -> list[Manifest]:
    app = TodoApp.model_validate({"metadata": {"name": "todo"}, "spec": {"broker": broker}})
    manifests = render(app, Platform(image="registry.example.com/todoapp:1.0")).manifests
    return [untold(each) for each in manifests if each["kind"] not in OF_THE_BROKER]


def with_short_topics(manifest: Manifest) -> Manifest:
    """With the names that topics have on a broker of the TodoApp's own."""
    shortened: Manifest = json.loads(json.dumps(manifest).replace(ON_STRIMZI, ""))
    return shortened


def untold(manifest: Manifest) -> Manifest:
    if manifest["kind"] == "Deployment":
        annotations = manifest["spec"]["template"]["metadata"]["annotations"]
        for annotation in ANNOTATIONS:
            annotations.pop(annotation, None)
    return manifest


def place(manifest: Manifest) -> tuple[str, str]:
    return manifest["kind"], manifest["metadata"]["name"]


def test_calls_are_retried_three_times_and_broken_targets_left_alone() -> None:
    spec = parsed(DAPR / "resiliency.yaml")["spec"]
    policies, targets = spec["policies"], spec["targets"]

    assert policies["timeouts"] == {"call": "5s", "deliver": "30s"}
    assert policies["retries"]["call"]["maxRetries"] == 3
    assert {policy["policy"] for policy in policies["retries"].values()} == {"exponential"}
    assert policies["circuitBreakers"]["unreachable"]["trip"] == "consecutiveFailures > 5"
    every = [*targets["apps"].values(), *(each["outbound"] for each in targets["components"].values())]
    assert every == [{"retry": "call", "timeout": "call", "circuitBreaker": "unreachable"}] * len(every)


def test_apps_and_secrets_are_closed_unless_they_are_named() -> None:
    spec = parsed(DAPR / "config.yaml")["spec"]

    assert spec["accessControl"]["defaultAction"] == "deny"
    assert [each["defaultAccess"] for each in spec["secrets"]["scopes"]] == ["deny"]


@pytest.fixture(scope="module")
def multi_app() -> dict[str, Any]:
    return parsed(DAPR / "dapr.yaml")


def test_the_cli_runs_each_process_with_its_own_sidecar(multi_app: dict[str, Any]) -> None:
    apps = multi_app["apps"]
    ports = [each[kind] for each in apps for kind in ("appPort", "daprHTTPPort")]

    assert [each["appID"] for each in apps] == LAPTOP.app_ids()
    assert [each["command"][-1] for each in apps] == list(Component)
    assert [each["env"] for each in apps] == [
        {"TODOAPP_PORT": 8000, "TODOAPP_INNER_PORT": 8010},
        {"TODOAPP_INNER_PORT": 8011},
        {"TODOAPP_INNER_PORT": 8012},
    ]
    assert all(each["env"]["TODOAPP_INNER_PORT"] == each["appPort"] for each in apps)
    assert len(set(ports)) == len(ports)


def test_the_cli_passes_on_both_tokens() -> None:
    """Its `env` reaches no sidecar, and a text in this file would be a token that everybody knows."""
    text = (DAPR / "dapr.yaml").read_text()
    [export] = [line for line in text.splitlines() if line.startswith("#   export ")]

    for name in ("APP_API_TOKEN", "DAPR_API_TOKEN"):
        assert f" {name}=$(openssl rand -hex 32)" in export
        assert name not in str(yaml.safe_load(text))


def test_the_cli_reads_files_that_are_there(multi_app: dict[str, Any]) -> None:
    common = multi_app["common"]

    assert all((DAPR / each).is_dir() for each in common["resourcesPaths"])
    assert (DAPR / common["configFilePath"]).is_file()


def test_the_cli_gives_each_process_the_environment_of_its_deployment(multi_app: dict[str, Any]) -> None:
    app = TodoApp.model_validate({"metadata": {"name": "todo"}})
    given = multi_app["common"]["env"]

    for component in Component:
        names = {each.name: each.value for each in environment(app, component, LAPTOP)}
        agreed = {name: value for name, value in given.items() if names[name] == value}
        assert given.keys() - agreed.keys() == {"TODOAPP_HOST", "TODOAPP_PUBLIC_URL"}
