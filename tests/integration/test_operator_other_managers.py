"""The operator leaves to others what is theirs: autoscalers, Argo CD, and people with labels of their own."""

import pytest

from testbed.kubernetes.audit_log import Audit
from testbed.kubernetes.installations import ELSEWHERE, Installation
from testbed.kubernetes.objects import TODOAPP, kind_named
from testbed.kubernetes.quotas import nothing_more
from testbed.waiting import wait_until
from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.render.identity import RELEASE_LABEL, REPAIR_MANAGER

pytestmark = pytest.mark.usefixtures("installed_operator")

DEPLOYMENT, SERVICE = kind_named("Deployment"), kind_named("Service")
SCALED = ELSEWHERE | {"api": {"autoscaling": {"minReplicas": 2, "maxReplicas": 9, "cpu": 70}}}
TRACKING = {"argocd.argoproj.io/tracking-id": "todo:todoapp.dev/TodoApp:home/todo"}
INSTANCE = {"app.kubernetes.io/part-of": "home", "argocd.argoproj.io/instance": "home"}


def repaired(installation: Installation) -> None:
    """Give the operator a reason to apply the api's Deployment and Service again, and wait until it did."""
    objects, place = installation.objects, ("todo-api", installation.namespace)
    for kind in (DEPLOYMENT, SERVICE):
        objects.edit(kind, *place, {"metadata": {"labels": {"app.kubernetes.io/name": "other"}}})
    wait_until(lambda: installation.defects() == [], what="the labels are back")


def replicas(installation: Installation) -> int:
    return int(installation.child(DEPLOYMENT, "todo-api")["spec"]["replicas"])


def test_reconciling_keeps_the_replicas_of_an_autoscaler(installation: Installation) -> None:
    installation.install(SCALED)
    installation.wait_until_ready()

    place = "todo-api", installation.namespace
    installation.objects.edit(DEPLOYMENT, *place, {"spec": {"replicas": 5}}, subresource="scale")
    repaired(installation)

    assert replicas(installation) == 5


def test_adding_an_autoscaler_stops_no_pod(installation: Installation) -> None:
    installation.install(ELSEWHERE | {"api": {"replicas": 4}})
    installation.wait_until_ready()

    installation.apply(SCALED)

    installation.wait_until_ready()
    assert replicas(installation) == 4


def test_a_new_release_starts_with_the_previous_number_of_pods(installation: Installation) -> None:
    blue_green = SCALED | {"rollout": {"strategy": "BlueGreen", "migrations": "Manual"}}
    installation.install(blue_green)
    installation.wait_until_ready()
    [blue] = api_releases(installation)
    assert blue["spec"]["replicas"] == 2
    place = blue["metadata"]["name"], installation.namespace
    installation.objects.edit(DEPLOYMENT, *place, {"spec": {"replicas": 5}}, subresource="scale")
    wait_until(lambda: desired(installation) == 5, what="the operator has seen all five")

    with nothing_more(installation.objects, installation.namespace, "pods"):
        installation.apply(blue_green | {"image": "example.com/todoapp:2"})
        wait_until(lambda: pods_of_releases(installation) == [5, 5], what="the new release has five, too")

    installation.wait_until_ready()
    assert pods_of_releases(installation) == [5]


def desired(installation: Installation) -> int:
    """How many pods of the api there have to be, as the operator tells people."""
    return int(installation.resource()["status"]["services"]["api"]["desired"])


def pods_of_releases(installation: Installation) -> list[int]:
    return [each["spec"]["replicas"] for each in api_releases(installation)]


def api_releases(installation: Installation) -> list[Manifest]:
    return [each for each in installation.of_kind(DEPLOYMENT) if RELEASE_LABEL in each["metadata"]["labels"]]


def test_labels_and_annotations_of_others_stay(installation: Installation) -> None:
    installation.install()
    installation.wait_until_ready()
    theirs = {"metadata": {"labels": INSTANCE, "annotations": TRACKING}}
    for kind in (DEPLOYMENT, SERVICE):
        installation.objects.edit(
            kind, "todo-api", installation.namespace, theirs, manager="argocd-controller"
        )

    repaired(installation)

    for kind in (DEPLOYMENT, SERVICE):
        metadata = installation.child(kind, "todo-api")["metadata"]
        assert metadata["labels"].items() >= INSTANCE.items()
        assert metadata["annotations"].items() >= TRACKING.items()


def test_argo_cds_annotations_are_neither_copied_nor_removed(
    installation: Installation, audit: Audit
) -> None:
    installation.install()
    installation.wait_until_ready()
    audit.requests()

    theirs = {"metadata": {"labels": INSTANCE, "annotations": TRACKING}}
    installation.objects.edit(TODOAPP, "todo", installation.namespace, theirs, manager="argocd-controller")
    repaired(installation)

    assert {each.resource for each in audit.writes(installation.namespace)} <= {
        "deployments",
        "services",
        "todoapps/status",
        "events",
    }
    metadata = installation.resource()["metadata"]
    assert metadata["annotations"].items() >= TRACKING.items()
    assert not any("kopf" in name for name in metadata["annotations"])
    for child in installation.children():
        assert not INSTANCE.items() & child["metadata"]["labels"].items()
        assert not TRACKING.items() & child["metadata"].get("annotations", {}).items()


def test_an_interrupted_repair_is_finished(installation: Installation) -> None:
    installation.install()
    installation.wait_until_ready()

    objects, place = installation.objects, ("todo-api", installation.namespace)
    objects.edit(SERVICE, *place, {"metadata": {"labels": {"half": "done"}}}, manager=REPAIR_MANAGER)

    wait_until(
        lambda: REPAIR_MANAGER not in managers(installation.child(SERVICE, "todo-api")),
        what="the operator owns its fields alone",
    )


def managers(manifest: Manifest) -> set[str]:
    return {entry["manager"] for entry in manifest["metadata"]["managedFields"]}
