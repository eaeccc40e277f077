"""What is missing or refused becomes a condition that names it, and goes when it is put right."""

from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes.client import ApiException

from testbed.kubernetes.installations import ELSEWHERE, Installation
from testbed.kubernetes.objects import CUSTOM_RESOURCE_DEFINITION, EVENT, SECRET, Objects, kind_named
from testbed.kubernetes.other_operators import strimzi_finishes, strimzi_refuses
from testbed.kubernetes.quotas import QUOTA, nothing_more
from testbed.waiting import wait_until
from todoapp_operator.commands.crd import crd

pytestmark = pytest.mark.usefixtures("installed_operator")

DEPLOYMENT, KAFKA_USER = kind_named("Deployment"), kind_named("KafkaUser")
SCALED_OBJECTS = "scaledobjects.keda.sh"


def test_a_missing_secret_is_named_until_it_is_there(installation: Installation) -> None:
    installation.apply(ELSEWHERE)
    condition = installation.wait_for("DatabaseReady", "False", "SecretMissing")
    before = installation.of_kind(DEPLOYMENT)

    installation.put_secret("database", url="postgresql://app:secret@db.example.com/todo")

    installation.wait_until_ready()
    assert "Secret" in condition["message"]
    assert f"{installation.namespace}/database" in condition["message"]
    assert "spec.database.secretRef" in condition["message"]
    assert before == []


def test_a_secret_without_its_key_is_named_by_the_key(installation: Installation) -> None:
    installation.put_secret("database", wrong="postgresql://db.example.com/todo")
    installation.apply(ELSEWHERE)

    condition = installation.wait_for("DatabaseReady", "False", "SecretMissing")
    installation.put_secret("database", url="postgresql://db.example.com/todo")

    installation.wait_until_ready()
    assert "key url" in condition["message"]


def test_pods_are_replaced_when_a_secret_changes(installation: Installation) -> None:
    installation.install()
    installation.wait_until_ready()
    before = digests(installation)

    installation.put_secret("database", url="postgresql://app:other@db.example.com/todo")

    wait_until(lambda: not before & digests(installation), what="every Deployment has new pods")
    installation.wait_until_ready()


def digests(installation: Installation) -> set[str]:
    templates = (each["spec"]["template"]["metadata"] for each in installation.of_kind(DEPLOYMENT))
    return {template["annotations"]["todoapp.dev/secrets"] for template in templates}


def test_a_user_that_strimzi_refuses_is_named(installation: Installation, kafka_namespace: str) -> None:
    objects = installation.objects
    installation.install(
        ELSEWHERE | {"broker": {"strimzi": {"cluster": "kafka", "namespace": kafka_namespace}}}
    )
    waiting = installation.wait_for("BrokerReady", "False", "BrokerNotReady")
    users = wait_until(lambda: installation.of_kind(KAFKA_USER), what="there are users")
    name = users[0]["metadata"]["name"]

    strimzi_refuses(objects, name, kafka_namespace, message="Simple authorization is disabled")
    refused = installation.wait_for("BrokerReady", "False", "BrokerFailed")
    strimzi_finishes(installation)

    installation.wait_until_ready()
    assert name in refused["message"]
    assert "Simple authorization is disabled" in refused["message"]
    assert waiting["message"]


@pytest.fixture
def without_keda(objects: Objects) -> Iterator[dict[str, Any]]:
    """A cluster that does not know ScaledObjects; the definition that would make it know them."""
    stored = objects.get(CUSTOM_RESOURCE_DEFINITION, SCALED_OBJECTS)
    assert stored
    definition = {
        "apiVersion": stored["apiVersion"],
        "kind": stored["kind"],
        "metadata": {"name": SCALED_OBJECTS},
        "spec": stored["spec"],
    }
    objects.delete(CUSTOM_RESOURCE_DEFINITION, SCALED_OBJECTS)
    wait_until(
        lambda: objects.get(CUSTOM_RESOURCE_DEFINITION, SCALED_OBJECTS) is None,
        what="nobody knows ScaledObjects",
    )
    yield definition
    objects.apply(CUSTOM_RESOURCE_DEFINITION, definition)


def test_a_missing_kind_is_reported_by_a_condition(
    without_keda: dict[str, Any], installation: Installation
) -> None:
    lagging = {"notification": {"autoscaling": {"minReplicas": 1, "maxReplicas": 3, "lag": 50}}}
    installation.install(ELSEWHERE | lagging)

    condition = installation.wait_for("Degraded", "True", "KindMissing")
    installation.wait_until_ready()
    installation.objects.apply(CUSTOM_RESOURCE_DEFINITION, without_keda)

    assert "ScaledObject" in condition["message"]
    assert "install KEDA" in condition["message"]
    scaled = kind_named("ScaledObject")
    wait_until(lambda: installation.of_kind(scaled), what="there is a ScaledObject")
    installation.wait_for("Degraded", "False")


def test_a_refused_object_is_named_with_the_reason(installation: Installation) -> None:
    with nothing_more(installation.objects, installation.namespace, "count/services"):
        installation.install()
        condition = installation.wait_for("Degraded", "True", "ApplyRefused")

    assert f"exceeded quota: {QUOTA}" in condition["message"]
    installation.wait_until_ready()


@pytest.fixture
def later_definition(definition: str, objects: Objects) -> Iterator[None]:
    """A definition that allows a field which this operator does not know."""
    manifest = crd()
    [version] = manifest["spec"]["versions"]
    spec = version["schema"]["openAPIV3Schema"]["properties"]["spec"]
    spec["properties"]["fromTheFuture"] = {"type": "string"}
    objects.apply(CUSTOM_RESOURCE_DEFINITION, manifest)
    yield
    objects.apply(CUSTOM_RESOURCE_DEFINITION, crd())


@pytest.mark.usefixtures("later_definition")
def test_a_spec_of_another_definition_is_a_condition(installation: Installation) -> None:
    installation.put_secret("database", url="postgresql://db.example.com/todo")

    def allowed() -> bool:
        try:
            installation.apply(ELSEWHERE | {"fromTheFuture": "yes"})
        except ApiException:
            return False
        return True

    wait_until(allowed, what="the API server uses the later definition")
    condition = installation.wait_for("Degraded", "True", "InvalidSpec")
    installation.apply(ELSEWHERE)

    installation.wait_until_ready()
    assert "fromTheFuture" in condition["message"]


def test_a_change_of_readiness_is_an_event(installation: Installation) -> None:
    objects, namespace = installation.objects, installation.namespace
    installation.install()
    installation.wait_until_ready()

    objects.delete(SECRET, "database", namespace)
    installation.wait_for("Ready", "False", "SecretMissing")
    installation.put_secret("database", url="postgresql://app:secret@db.example.com/todo")
    installation.wait_until_ready()

    told = [each for each in objects.list(EVENT, namespace) if each["involvedObject"]["kind"] == "TodoApp"]
    [missing] = [each for each in told if each["reason"] == "SecretMissing"]
    assert (missing["type"], missing["involvedObject"]["name"]) == ("Warning", "todo")
    assert f"{namespace}/database" in missing["message"]
    assert ("Normal", "Available") in {(each["type"], each["reason"]) for each in told}
