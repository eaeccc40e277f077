"""Whose Kafka a TodoApp may use, on a real API server: asked, allowed, withdrawn and deleted."""

from functools import partial
from http import HTTPStatus
from typing import Any

import pytest

from testbed.kubernetes.audit_log import Audit
from testbed.kubernetes.installations import ELSEWHERE, Installation
from testbed.kubernetes.objects import NAMESPACE, SECRET, TODOAPP, Objects, kind_named
from testbed.kubernetes.other_operators import kafka_allows, strimzi_finishes
from testbed.waiting import wait_until
from todoapp_operator.kube.kinds import url
from todoapp_operator.kube.label_selector import LabelSelector
from todoapp_operator.resource.spec import API_VERSION

pytestmark = pytest.mark.usefixtures("installed_operator")

DEPLOYMENT, SERVICE = kind_named("Deployment"), kind_named("Service")
KAFKA_TOPIC, KAFKA_USER = kind_named("KafkaTopic"), kind_named("KafkaUser")
SECOND = "example.com/todoapp:2"


def on_kafka_of(namespace: str, **more: Any) -> dict[str, Any]:
    return ELSEWHERE | {"broker": {"strimzi": {"cluster": "kafka", "namespace": namespace}}} | more


def secrets(installation: Installation, namespace: str) -> dict[str, str]:
    """The version of each Secret of a namespace."""
    found = installation.objects.list(SECRET, namespace)
    return {each["metadata"]["name"]: each["metadata"]["resourceVersion"] for each in found}


def test_nothing_is_written_or_copied_before_kafkas_owner_allows_it(
    installation: Installation, other_namespace: str, audit: Audit
) -> None:
    objects, namespace = installation.objects, installation.namespace
    kafka_allows(objects, other_namespace, "somebody-else")
    audit.requests()

    installation.install(on_kafka_of(other_namespace))
    condition = installation.wait_for("BrokerReady", "False", "BrokerNotAllowed")

    asked = audit.requests()
    assert [each for each in asked if each.namespace == other_namespace] == []
    assert {each.resource for each in asked if each.writes and each.namespace == namespace} <= {
        "todoapps/status",
        "events",
    }
    assert installation.children() == []
    assert set(secrets(installation, namespace)) == {"database"}
    assert f"{other_namespace}/kafka" in condition["message"]
    assert namespace in condition["message"]
    assert installation.resource()["status"]["phase"] == "Degraded"

    kafka_allows(objects, other_namespace, f"somebody-else, {namespace}")
    strimzi_finishes(installation)
    installation.wait_until_ready()


def test_a_label_of_the_namespace_may_be_the_permission(
    installation: Installation, other_namespace: str
) -> None:
    objects, namespace = installation.objects, installation.namespace
    kafka_allows(objects, other_namespace, "selector:team in (a,b),!legacy")
    installation.install(on_kafka_of(other_namespace))
    installation.wait_for("BrokerReady", "False", "BrokerNotAllowed")

    objects.edit(NAMESPACE, namespace, None, {"metadata": {"labels": {"team": "a"}}})
    installation.wait_for("BrokerReady", "False", "BrokerNotReady")
    strimzi_finishes(installation)
    installation.wait_until_ready()

    objects.edit(NAMESPACE, namespace, None, {"metadata": {"labels": {"legacy": "yes"}}})
    installation.wait_for("BrokerReady", "False", "BrokerNotAllowed")


def test_a_withdrawn_permission_stops_changes_and_what_serves_stays(
    installation: Installation, kafka_namespace: str
) -> None:
    objects, namespace = installation.objects, installation.namespace
    installation.install(on_kafka_of(kafka_namespace))
    strimzi_finishes(installation)
    installation.wait_until_ready()
    copied = secrets(installation, namespace)
    made = {each["metadata"]["uid"] for each in installation.children()}

    kafka_allows(objects, kafka_namespace, None)
    installation.wait_for("BrokerReady", "False", "BrokerNotAllowed")
    user = installation.of_kind(KAFKA_USER)[0]["metadata"]["name"]
    password = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": user}}
    objects.apply(SECRET, password | {"stringData": {"password": "another"}}, kafka_namespace)
    objects.delete(SERVICE, "todo-recurrence-inner", namespace)
    installation.apply(on_kafka_of(kafka_namespace, image=SECOND))
    installation.wait_for("BrokerReady", "False", "BrokerNotAllowed")

    assert secrets(installation, namespace) == copied
    left = {each["metadata"]["uid"] for each in installation.children()}
    assert (len(made - left), left - made) == (1, set()), "the Service that was deleted is not put back"
    services = installation.resource()["status"]["services"]
    assert services["api"] == {"ready": 1, "desired": 1, "version": "1"}

    kafka_allows(objects, kafka_namespace, namespace)
    installation.wait_until_ready()
    assert installation.resource()["status"]["version"] == "2"
    assert secrets(installation, namespace) != copied


def test_topics_and_users_are_deleted_without_a_permission(
    installation: Installation, kafka_namespace: str
) -> None:
    installation.install(on_kafka_of(kafka_namespace))
    strimzi_finishes(installation)
    installation.wait_until_ready()
    before = installation.of_kind(KAFKA_TOPIC) + installation.of_kind(KAFKA_USER)
    kafka_allows(installation.objects, kafka_namespace, None)
    installation.wait_for("BrokerReady", "False", "BrokerNotAllowed")

    installation.delete()

    assert len(before) == 10
    for kind in (KAFKA_TOPIC, KAFKA_USER):
        wait_until(partial(none_of, installation, kind), what=f"no {kind.name} is left")
    gone = partial(installation.objects.get, TODOAPP, installation.name, installation.namespace)
    wait_until(lambda: gone() is None, what="the TodoApp is gone")


def none_of(installation: Installation, kind: Any) -> bool:
    return installation.of_kind(kind) == []


def test_todoapps_of_two_namespaces_work_on_one_kafka(
    installation: Installation, kafka_namespace: str
) -> None:
    """The other one is in Kafka's own namespace, which needs no permission."""
    neighbour = Installation(installation.objects, kafka_namespace)
    for each in (installation, neighbour):
        each.install(on_kafka_of(kafka_namespace))
        strimzi_finishes(each)
        each.wait_until_ready()

    topics = [
        {one["spec"]["topicName"] for one in each.of_kind(KAFKA_TOPIC)} for each in (installation, neighbour)
    ]
    assert [len(each) for each in topics] == [7, 7]
    assert not topics[0] & topics[1]


@pytest.mark.usefixtures("definition")
@pytest.mark.parametrize(
    "broker", [{}, {"broker": {"strimzi": {"cluster": "payments", "namespace": "payments"}}}]
)
def test_the_api_server_refuses_topics_of_others(
    broker: dict[str, Any], objects: Objects, namespace: str
) -> None:
    spec = broker | {"topics": {"taskEvents": {"name": "payments-ledger", "retention": "1m"}}}

    answer = apply(objects, namespace, spec)

    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "a topic's `name` can be chosen only with `broker.redpanda` or `broker.kafka`" in answer.text


@pytest.mark.usefixtures("definition")
def test_the_api_server_refuses_another_image_of_the_sidecar(objects: Objects, namespace: str) -> None:
    answer = apply(objects, namespace, {"api": {"podAnnotations": {"dapr.io/sidecar-image": "evil"}}})
    taken = apply(objects, namespace, {"api": {"podAnnotations": {"dapr.io/max-body-size": "8Mi"}}})

    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "`podAnnotations` may not change the sidecar's image, ports or security" in answer.text
    assert taken.is_success


def apply(objects: Objects, namespace: str, spec: dict[str, Any]) -> Any:
    manifest = {"apiVersion": API_VERSION, "kind": "TodoApp", "metadata": {"name": "evil"}, "spec": spec}
    return objects.answer_to_apply(TODOAPP, manifest, namespace, dry_run=True)


def test_selectors_choose_the_namespaces_that_kubectl_would(objects: Objects, namespace: str) -> None:
    labels = {"team": "a", "example.com/tier": "1", "empty": ""}
    objects.edit(NAMESPACE, namespace, None, {"metadata": {"labels": labels}})
    here = f"kubernetes.io/metadata.name={namespace}"
    selectors = (
        *(
            "team=a",
            "team==b",
            "team!=b",
            "team",
            "!team",
            "!other",
            "other notin (x)",
            "empty=",
            "empty in ()",
        ),
        *(
            "team in (b, a)",
            "team notin (a,b)",
            "example.com/tier in(1)",
            " team = a , empty",
            "team in (,a)",
        ),
        *("team=a,", ",", "team a", "team=a b", "team in a", "team in (a b)", "!team=a", "a/b/c=d", "-x"),
    )

    for selector in selectors:
        answer = objects.ask("GET", url(NAMESPACE), parameters={"labelSelector": f"{here},{selector}"})
        assert chosen(selector, labels) == (bool(answer.json()["items"]) if answer.is_success else None), (
            selector
        )


def chosen(selector: str, labels: dict[str, str]) -> bool | None:
    """None where it cannot be read."""
    try:
        return LabelSelector.parse(selector).matches(labels)
    except ValueError:
        return None
