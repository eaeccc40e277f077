"""The life of a TodoApp under the operator: made, scaled, changed, moved to another broker, deleted."""

from functools import partial
from typing import Any

import pytest

from testbed.kubernetes.audit_log import Audit
from testbed.kubernetes.installations import ELSEWHERE, Installation
from testbed.kubernetes.jobs import fail
from testbed.kubernetes.objects import SECRET, TODOAPP, kind_named
from testbed.kubernetes.other_operators import cloudnative_pg_finishes, strimzi_finishes
from testbed.kubernetes.quotas import nothing_more
from testbed.waiting import wait_until
from todoapp_operator.kube.kinds import Kind
from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.render.platform import Platform
from todoapp_operator.render.todoapp import render
from todoapp_operator.resource.spec import TodoApp

pytestmark = pytest.mark.usefixtures("installed_operator")

DATABASE, DEPLOYMENT, JOB = kind_named("Cluster"), kind_named("Deployment"), kind_named("Job")
COMPONENT, SERVICE = kind_named("Component"), kind_named("Service")
KAFKA_TOPIC, KAFKA_USER = kind_named("KafkaTopic"), kind_named("KafkaUser")
FIRST, SECOND = "example.com/todoapp:1", "example.com/todoapp:2"


def names(manifests: list[Manifest]) -> set[tuple[str, str, str]]:
    return {(each["kind"], each["metadata"]["namespace"], each["metadata"]["name"]) for each in manifests}


def images(installation: Installation) -> set[str]:
    """What the three Deployments run."""
    return {container(each)["image"] for each in installation.of_kind(DEPLOYMENT)}


def container(deployment: Manifest) -> dict[str, Any]:
    [only] = deployment["spec"]["template"]["spec"]["containers"]
    return dict(only)


def test_a_todoapp_gets_all_its_children(installation: Installation) -> None:
    installation.install()
    installation.wait_until_ready()

    resource = installation.resource()
    status = resource["status"]
    rendered = render(TodoApp.model_validate(resource), Platform(image="")).manifests
    assert names(installation.children()) == names(rendered)
    assert (status["phase"], status["version"]) == ("Ready", "1")
    assert status["services"]["api"] == {"ready": 1, "desired": 1, "version": "1"}
    assert {each["type"]: each["status"] for each in status["conditions"]} == {
        "Ready": "True",
        "DatabaseReady": "True",
        "BrokerReady": "True",
        "MigrationsApplied": "True",
        "Progressing": "False",
        "Degraded": "False",
    }


def test_scaling_touches_nothing_but_the_deployment(installation: Installation, audit: Audit) -> None:
    installation.install()
    installation.wait_until_ready()
    audit.requests()

    place = installation.name, installation.namespace
    installation.objects.edit(TODOAPP, *place, {"spec": {"replicas": 3}}, subresource="scale")

    def ready() -> bool:
        services = installation.resource()["status"]["services"]
        return bool(services["api"] == {"ready": 3, "desired": 3, "version": "1"})

    wait_until(ready, what="3 pods are ready")
    installation.wait_until_ready()
    assert {each.resource for each in audit.writes(installation.namespace)} <= {
        "deployments",
        "todoapps/status",
        "events",
    }


def test_a_new_image_is_rolled_out_after_it_has_migrated(installation: Installation) -> None:
    installation.install()
    installation.wait_until_ready()

    with nothing_more(installation.objects, installation.namespace, "pods"):
        installation.apply(ELSEWHERE | {"image": SECOND})
        installation.wait_for("MigrationsApplied", "False", "Migrating")
        while_migrating = images(installation)

    installation.wait_until_ready()
    assert (while_migrating, images(installation)) == ({FIRST}, {SECOND})
    assert installation.resource()["status"]["version"] == "2"
    jobs = [each["spec"]["template"]["spec"]["containers"][0]["image"] for each in installation.of_kind(JOB)]
    assert SECOND in jobs


def test_a_failed_migration_leaves_the_old_version_serving(installation: Installation) -> None:
    installation.install()
    installation.wait_until_ready()
    old = {each["metadata"]["name"] for each in installation.of_kind(JOB)}

    with nothing_more(installation.objects, installation.namespace, "pods"):
        installation.apply(ELSEWHERE | {"image": SECOND})
        new = wait_until(lambda: jobs_of(installation) - old, what="there is a Job for the second image")
        [job] = new
        fail(installation.objects, job, installation.namespace, message="column tasks.title is missing")
        condition = installation.wait_for("Degraded", "True", "MigrationFailed")

    assert "column tasks.title is missing" in condition["message"]
    assert images(installation) == {FIRST}
    assert installation.resource()["status"]["services"]["api"] == {"ready": 1, "desired": 1, "version": "1"}
    installation.objects.delete(JOB, job, installation.namespace)
    installation.wait_until_ready()
    assert images(installation) == {SECOND}


def jobs_of(installation: Installation) -> set[str]:
    return {each["metadata"]["name"] for each in installation.of_kind(JOB)}


def test_a_failed_migration_is_left_behind_by_going_back(installation: Installation) -> None:
    installation.install()
    installation.wait_until_ready()
    old = jobs_of(installation)
    with nothing_more(installation.objects, installation.namespace, "pods"):
        installation.apply(ELSEWHERE | {"image": SECOND})
        [job] = wait_until(lambda: jobs_of(installation) - old, what="there is a Job for the second image")
        fail(installation.objects, job, installation.namespace, message="no such table")
        installation.wait_for("Degraded", "True", "MigrationFailed")

    installation.apply(ELSEWHERE)

    installation.wait_until_ready()
    assert images(installation) == {FIRST}


def test_blue_serves_until_green_is_ready(installation: Installation) -> None:
    blue_green = ELSEWHERE | {"rollout": {"strategy": "BlueGreen", "migrations": "Manual"}}
    installation.install(blue_green)
    installation.wait_until_ready()
    blue = served(installation)

    with nothing_more(installation.objects, installation.namespace, "pods"):
        installation.apply(blue_green | {"image": SECOND})
        installation.wait_for("Progressing", "True", "RollingOut")
        while_starting = served(installation)

    installation.wait_until_ready()
    green = served(installation)
    assert while_starting == blue != green
    releases = [each for each in installation.of_kind(DEPLOYMENT) if RELEASE in each["metadata"]["labels"]]
    assert [each["metadata"]["labels"][RELEASE] for each in releases] == [green]
    assert container(releases[0])["image"] == SECOND


RELEASE = "todoapp.dev/release"


def served(installation: Installation) -> str:
    """The release that people are served by."""
    service = installation.child(SERVICE, f"{installation.name}-api")
    return str(service["spec"]["selector"][RELEASE])


def test_children_no_longer_in_the_spec_are_deleted(installation: Installation) -> None:
    kind = kind_named("NetworkPolicy")
    installation.install()
    installation.wait_until_ready()
    before = names(installation.of_kind(kind))

    installation.apply(ELSEWHERE | {"networkPolicy": False})

    assert before
    wait_until(lambda: not installation.of_kind(kind), what="there are no network policies")


def test_a_todoapp_moves_from_strimzi_to_redpanda(installation: Installation, kafka_namespace: str) -> None:
    strimzi = {"strimzi": {"cluster": "kafka", "namespace": kafka_namespace}}
    redpanda = {"brokers": ["seed.example.com:9092"], "credentialsSecretRef": {"name": "redpanda"}}
    installation.install(ELSEWHERE | {"broker": strimzi})
    strimzi_finishes(installation)
    installation.wait_until_ready()
    before = {each["metadata"]["name"]: but_for_topics(each) for each in installation.of_kind(DEPLOYMENT)}
    components = {each["metadata"]["name"]: each["spec"] for each in installation.of_kind(COMPONENT)}

    installation.put_secret("redpanda", username="todo", password="secret")
    installation.apply(ELSEWHERE | {"broker": {"redpanda": redpanda}})

    installation.wait_until_ready()
    after = {each["metadata"]["name"]: but_for_topics(each) for each in installation.of_kind(DEPLOYMENT)}
    changed = {
        each["metadata"]["name"]
        for each in installation.of_kind(COMPONENT)
        if each["spec"] != components[each["metadata"]["name"]]
    }
    assert after == before
    assert {each.removeprefix("todo-").partition("-")[0] for each in changed} == {"pubsub", "updates"}
    for kind in (KAFKA_USER, KAFKA_TOPIC):
        wait_until(partial(none_of, installation, kind), what=f"no {kind.name} is left")


def but_for_topics(deployment: Manifest) -> dict[str, Any]:
    """The container but for the topics, which are called otherwise on a Kafka that others use too."""
    only = container(deployment)
    return only | {"env": [each for each in only["env"] if not each["name"].startswith("TODOAPP_TOPIC_")]}


def none_of(installation: Installation, kind: Kind) -> bool:
    return installation.of_kind(kind) == []


def test_a_deleted_todoapp_keeps_its_database_and_password(
    installation: Installation, kafka_namespace: str
) -> None:
    strimzi = {"strimzi": {"cluster": "kafka", "namespace": kafka_namespace}}
    installation.apply({"image": FIRST, "broker": strimzi})
    cloudnative_pg_finishes(installation)
    strimzi_finishes(installation)
    installation.wait_until_ready()

    installation.delete()

    kept = {("Cluster", installation.namespace, "todo-database")}
    wait_until(lambda: names(installation.children()) == kept, what="nothing but the database is left")
    keys = {("Secret", installation.namespace, name) for name in ("todo-jwt", "todo-sealing")}
    wait_until(
        lambda: names(installation.of_kind(SECRET)) == keys, what="nothing but the keys' Secrets is left"
    )


def test_a_deleted_todoapp_deletes_its_database_if_asked(installation: Installation) -> None:
    own = {"cluster": {"deletionPolicy": "Delete"}}
    installation.install(ELSEWHERE | {"database": own})
    cloudnative_pg_finishes(installation)
    installation.wait_until_ready()

    installation.delete()

    wait_until(lambda: not installation.children(), what="nothing is left")
    wait_until(lambda: not installation.of_kind(SECRET), what="no Secret is left")


def test_a_suspended_todoapp_is_left_alone(installation: Installation) -> None:
    place = "todo-api", installation.namespace
    installation.install()
    installation.wait_until_ready()
    installation.apply(ELSEWHERE | {"suspend": True})
    installation.wait_for("Progressing", "False", "Suspended")

    installation.objects.delete(SERVICE, *place)
    installation.apply(ELSEWHERE | {"suspend": True, "networkPolicy": False})
    installation.wait_for("Progressing", "False", "Suspended")
    while_suspended = installation.objects.get(SERVICE, *place)
    installation.apply(ELSEWHERE)

    assert while_suspended is None
    wait_until(lambda: installation.objects.get(SERVICE, *place), what="the Service is back")
    installation.wait_until_ready()
