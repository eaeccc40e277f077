"""What a TodoApp's author reaches outside the namespace: the attack of the review, and honest neighbours."""

from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from typer.testing import CliRunner

from testbed.kubernetes.generated_todoapps import todoapps
from todoapp_operator.cli import cli
from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.render.broker import broker
from todoapp_operator.render.platform import Platform
from todoapp_operator.render.secret_specs import CopiedSecret, secret_specs
from todoapp_operator.render.todoapp import render
from todoapp_operator.resource.spec import API_VERSION, KIND, TodoApp

PLATFORM = Platform(image="registry.example.com/todoapp:1.0")
PAYMENTS = {"strimzi": {"cluster": "payments", "namespace": "payments-kafka"}}


def attack(**topics: Any) -> Manifest:
    """A TodoApp that asks for topics of a Kafka that is none of its business."""
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {"name": "evil", "namespace": "tenant-b"},
        "spec": {"broker": PAYMENTS, "topics": topics},
    }


def outside(app: TodoApp) -> list[Manifest]:
    manifests = render(app, PLATFORM).manifests
    return [each for each in manifests if each["metadata"]["namespace"] != app.metadata.namespace]


@pytest.mark.parametrize("command", ["validate", "render"])
def test_topics_of_others_are_refused_by_line_and_sentence(command: str, tmp_path: Path) -> None:
    file = tmp_path / "evil.yaml"
    ledger = {"name": "payments-ledger", "retention": "1m"}
    file.write_text(yaml.safe_dump(attack(taskEvents=ledger, reminders={"name": "task-events"})))

    result = CliRunner().invoke(cli, [command, str(file)])

    assert str(result.exception) == (
        f"{file}:15: spec.topics.taskEvents.name: a topic's `name` can be chosen only with "
        "`broker.redpanda` or `broker.kafka`; on Strimzi's Kafka every topic is called "
        "`<namespace>.<name>.<topic>`"
    )


def test_without_chosen_names_an_attacker_has_only_own_topics() -> None:
    app = TodoApp.model_validate(attack(taskEvents={"retention": "1m"}))

    for manifest in outside(app):
        names = [
            *([manifest["spec"]["topicName"]] if manifest["kind"] == "KafkaTopic" else ()),
            *(
                acl["resource"]["name"]
                for acl in manifest["spec"].get("authorization", {"acls": []})["acls"]
                if acl["resource"]["type"] == "topic"
            ),
        ]
        assert names
        assert all(name.startswith("tenant-b.evil.") for name in names)


def shared(one: Manifest, other: Manifest) -> bool:
    """Whether an ACL's resource includes another one, or is the same."""
    kinds, (name, longer) = (one["type"], other["type"]), (one["name"], other["name"])
    prefix = "prefix" in (one["patternType"], other["patternType"])
    return kinds[0] == kinds[1] and (
        name == longer or (prefix and (name.startswith(longer) or longer.startswith(name)))
    )


def test_todoapps_of_two_namespaces_share_nothing_on_one_kafka() -> None:
    apps = [
        TodoApp.model_validate({"metadata": {"name": "todo", "namespace": namespace}})
        for namespace in ("home", "home-work", "work")
    ]

    for one, other in combinations(map(outside, apps), 2):
        objects, topics, resources = (
            [{(each["kind"], each["metadata"]["name"]) for each in manifests} for manifests in (one, other)],
            [{each["spec"].get("topicName") for each in manifests} - {None} for manifests in (one, other)],
            [
                [
                    acl["resource"]
                    for each in manifests
                    if each["kind"] == "KafkaUser"
                    for acl in each["spec"]["authorization"]["acls"]
                ]
                for manifests in (one, other)
            ],
        )
        assert not objects[0] & objects[1]
        assert not topics[0] & topics[1]
        assert not [(a, b) for a in resources[0] for b in resources[1] if shared(a, b)]


@settings(max_examples=60, deadline=None)
@given(todoapps())
def test_only_kafkas_namespace_is_reached_from_another(app: TodoApp) -> None:
    """By any field of a spec; and whether Kafka's may be reached is up to its owner."""
    strimzi = broker(app).strimzi
    reached = {strimzi.namespace} if strimzi else set()

    assert {each["kind"] for each in outside(app)} <= {"KafkaTopic", "KafkaUser"}
    assert {each["metadata"]["namespace"] for each in outside(app)} <= reached
    copied = [secret for secret in secret_specs(app) if isinstance(secret, CopiedSecret)]
    assert {key.namespace for secret in copied for key in secret.copies.values()} <= reached
