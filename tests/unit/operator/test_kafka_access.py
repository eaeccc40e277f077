"""Whom the owner of a Kafka allows, and who is told when that changes."""

from typing import Any

import pytest

from todoapp_operator.kube.informer import EVERYWHERE
from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.reconcile.kafka_access import KafkaAccess
from todoapp_operator.reconcile.ownership import AppKey
from todoapp_operator.resource.spec import TodoApp

ANNOTATION = "todoapp.dev/allow-namespaces"
KEY = AppKey("home", "todo")


def todoapp(at: str = "home", **strimzi: str) -> TodoApp:
    spec = {"broker": {"strimzi": strimzi}}
    return TodoApp.model_validate({"metadata": {"name": "todo", "namespace": at}, "spec": spec})


def kafka(annotation: str | None, name: str = "kafka", namespace: str = "kafka") -> Manifest:
    annotations = {} if annotation is None else {"annotations": {ANNOTATION: annotation}}
    return {"metadata": {"name": name, "namespace": namespace, "resourceVersion": "1", **annotations}}


def home(**labels: str) -> Manifest:
    return {"metadata": {"name": "home", "labels": labels}}


@pytest.fixture
def told() -> list[AppKey]:
    return []


@pytest.fixture
def access(told: list[AppKey]) -> KafkaAccess:
    """Knows the namespace `home`, whose TodoApp has asked."""
    access = KafkaAccess(told.append)
    access.namespaces.put(home(team="a"))
    access.refusal(todoapp())
    return access


@pytest.mark.parametrize(
    ("annotation", "allowed"),
    [
        ("home", True),
        ("work, home", True),
        ("*", True),
        ("work,*", True),
        ("selector:team=a", True),
        ("selector: team in (a,b)", True),
        (None, False),
        ("", False),
        ("work", False),
        ("home-work", False),
        ("hom", False),
        ("HOME", False),
        ("team=a", False),
        ("selector:team=b", False),
        ("selector:", False),
        ("selector:*", False),
        ("selector:home", False),
        ("selector:team=a,", False),
        (",", False),
    ],
)
def test_annotation_says_which_namespaces_may_use_a_kafka(
    annotation: str | None, allowed: bool, access: KafkaAccess
) -> None:
    access.kafkas.put(kafka(annotation))

    assert (access.refusal(todoapp()) == "") is allowed


def test_own_namespace_needs_no_permission(access: KafkaAccess) -> None:
    assert access.refusal(todoapp("kafka")) == ""


def test_broker_with_users_own_credentials_needs_no_permission(access: KafkaAccess) -> None:
    own = {"broker": {"kafka": {"brokers": ["kafka.example.com:9092"]}}}

    assert access.refusal(TodoApp.model_validate({"metadata": {"name": "todo"}, "spec": own})) == ""


@pytest.mark.parametrize("elsewhere", [{"cluster": "other"}, {"namespace": "other"}])
def test_permission_is_for_one_kafka_only(elsewhere: dict[str, str], access: KafkaAccess) -> None:
    access.kafkas.put(kafka("*"))

    assert access.refusal(todoapp(**elsewhere))


def test_refusal_does_not_tell_whether_the_kafka_exists(access: KafkaAccess) -> None:
    absent = access.refusal(todoapp())
    access.kafkas.put(kafka("work"))

    assert access.refusal(todoapp()) == absent
    assert absent == (
        "There is no Kafka kafka/kafka that allows TodoApps of the namespace home; its owner can allow them "
        "by the annotation todoapp.dev/allow-namespaces."
    )


def test_selector_allows_no_namespace_that_is_unknown(access: KafkaAccess) -> None:
    access.kafkas.put(kafka("selector:!legacy"))

    assert access.refusal(todoapp("gone"))
    assert access.refusal(todoapp("home")) == ""


def test_deleted_kafka_allows_no_one(access: KafkaAccess) -> None:
    access.kafkas.put(kafka("*"))
    access.kafkas.remove(kafka("*"))

    assert access.refusal(todoapp())


def test_todoapp_is_told_of_changed_permissions_only(access: KafkaAccess, told: list[AppKey]) -> None:
    def hears(act: Any, *arguments: Any) -> bool:
        told.clear()
        act(*arguments)
        return told == [KEY]

    assert hears(access.kafkas.put, kafka("home"))
    assert not hears(access.kafkas.put, kafka("home"))
    assert hears(access.kafkas.put, kafka("selector:team=b"))
    assert not hears(access.kafkas.put, kafka("*", namespace="other"))
    assert hears(access.namespaces.put, home(team="b"))
    assert not hears(access.namespaces.put, home(team="b"))
    assert not hears(access.namespaces.put, {"metadata": {"name": "work"}})
    assert hears(access.kafkas.retain, (), EVERYWHERE)
    assert not hears(access.kafkas.retain, (), EVERYWHERE)


def test_todoapp_that_is_gone_is_forgotten(access: KafkaAccess, told: list[AppKey]) -> None:
    access.forget(KEY)

    access.kafkas.put(kafka("*"))

    assert told == []


def test_todoapp_is_remembered_once_however_often_it_changes(access: KafkaAccess, told: list[AppKey]) -> None:
    for number in range(100):
        access.refusal(todoapp(cluster=f"kafka-{number}"))

    for number in range(100):
        access.kafkas.put(kafka("home", name=f"kafka-{number}"))

    assert told == [KEY]
