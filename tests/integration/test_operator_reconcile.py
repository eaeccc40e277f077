"""The operator's parts on a real API server: comparing, creating, repairing, resting, letting go."""

from pathlib import Path
from typing import Any

import pytest

from testbed.control_plane.cluster import Cluster
from testbed.kubernetes.installations import ELSEWHERE, Installation
from testbed.kubernetes.objects import SECRET, TODOAPP, Objects, in_namespace, kind_named
from testbed.kubernetes.operator_process import OperatorProcess
from testbed.waiting import wait_until
from todoapp_operator.kube.client import ApiError, Client
from todoapp_operator.kube.kinds import kind_of
from todoapp_operator.kube.manifest import Manifest, body_of
from todoapp_operator.reconcile.children import Children
from todoapp_operator.reconcile.comparison import is_as_rendered, owned_fields
from todoapp_operator.reconcile.merge_keys import disown, put_entries_back
from todoapp_operator.render.identity import MANAGER
from todoapp_operator.render.platform import Platform
from todoapp_operator.render.todoapp import render
from todoapp_operator.resource.document import load

EXAMPLES = sorted(Path("examples").glob("*.yaml"))
PLATFORM = Platform(image="registry.example.com/todoapp:1.0")
DEPLOYMENT, SERVICE = kind_named("Deployment"), kind_named("Service")


def applied(objects: Objects, manifest: Manifest, namespace: str) -> Manifest:
    """Apply as the operator does."""
    answer = objects.answer_to_apply(kind_of(manifest), manifest, namespace, manager=MANAGER)
    stored: Manifest = answer.raise_for_status().json()
    return stored


def agrees(manifest: Manifest, stored: Manifest) -> bool:
    return is_as_rendered(manifest, stored, owned_fields(stored, MANAGER))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda file: file.stem)
def test_the_applied_objects_are_as_rendered(example: Path, objects: Objects, namespace: str) -> None:
    for manifest in render(load(example).app, PLATFORM).manifests:
        stored = applied(objects, manifest, namespace)
        assert agrees(manifest, stored), f"{manifest} became {stored}"


def test_edits_are_noticed_and_additions_of_others_ignored(objects: Objects, namespace: str) -> None:
    [app] = [load(example).app for example in EXAMPLES if example.stem == "todo"]
    manifests = {each["kind"]: each for each in render(app, PLATFORM).manifests}
    for kind, theirs, edit in (
        (
            "Service",
            {"spec": {"sessionAffinity": "ClientIP"}},
            {"spec": {"selector": {"todoapp.dev/name": "x"}}},
        ),
        ("Role", {"metadata": {"labels": {"theirs": "1"}}}, {"rules": None}),
        ("Deployment", {"metadata": {"annotations": {"theirs": "1"}}}, {"spec": {"replicas": 5}}),
        ("NetworkPolicy", {"metadata": {"labels": {"theirs": "1"}}}, {"spec": {"egress": []}}),
        ("Component", {"metadata": {"labels": {"theirs": "1"}}}, {"spec": {"version": "v2"}}),
    ):
        manifest = manifests[kind]
        name = applied(objects, manifest, namespace)["metadata"]["name"]

        beside = objects.edit(kind_named(kind), name, namespace, theirs)
        edited = objects.edit(kind_named(kind), name, namespace, edit)

        assert agrees(manifest, beside), kind
        assert not agrees(manifest, edited), kind
        assert agrees(manifest, applied(objects, manifest, namespace)), kind


async def test_an_entry_renamed_during_a_repair_is_repaired_next(
    cluster: Cluster, objects: Objects, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(cluster.connection.kubeconfig))
    app = load(Path("examples/todo.yaml")).app
    service = next(each for each in render(app, PLATFORM).manifests if kind_of(each) == SERVICE)
    manifest = in_namespace(service, namespace)
    stored = applied(objects, manifest, namespace)
    child = Children(lambda _: None).applied(SERVICE, stored, b"")
    place = child.name, namespace

    def rename(name: str) -> None:
        ports = [each | {"name": name} for each in stored["spec"]["ports"]]
        objects.edit(SERVICE, *place, {"spec": {"ports": ports}})

    rename("theirs")
    async with Client.connected(MANAGER) as client:
        too_late = await put_entries_back(client, child, manifest)
        rename("theirs-again")
        with pytest.raises(ApiError) as refused:
            await client.apply(SERVICE, namespace, child.name, body_of(too_late))

        in_time = await put_entries_back(client, child, manifest)
        repaired = await disown(
            client, child, await client.apply(SERVICE, namespace, child.name, body_of(in_time))
        )

    assert refused.value.reason == "Conflict"
    assert agrees(manifest, repaired)
    assert repaired["spec"]["ports"] == stored["spec"]["ports"]


def written(installation: Installation) -> dict[str, list[dict[str, Any]]]:
    """What the operator has written of each object, and when; others write statuses at any time."""
    manifests = [installation.resource(), *installation.children()]
    secrets = installation.objects.list(SECRET, installation.namespace)
    return {
        f"{each['kind']} {each['metadata']['name']}": [
            entry for entry in each["metadata"]["managedFields"] if entry["manager"] == MANAGER
        ]
        for each in (*manifests, *secrets)
    }


def test_operator_restarts_corrects_drift_and_respects_suspend(
    installation: Installation, operator: OperatorProcess
) -> None:
    installation.install()
    installation.wait_until_ready()
    made = written(installation)
    key = installation.objects.get(SECRET, "todo-jwt", installation.namespace)

    operator.stop()
    operator.start()
    operator.wait_until_active()
    wait_until(
        lambda: (
            operator.metric("todoapp_operator_reconciles_total")
            and not operator.metric("todoapp_operator_queue_depth")
        ),
        what="it has looked at everything",
    )
    assert written(installation) == made

    # What was never brought to its end in this life of the operator cannot drift.
    installation.apply(ELSEWHERE | {"networkPolicy": False})
    installation.wait_until_ready()
    place = "todo-api", installation.namespace
    installation.objects.edit(DEPLOYMENT, *place, {"spec": {"revisionHistoryLimit": 9}})
    installation.objects.delete(SERVICE, *place)
    wait_until(
        lambda: installation.objects.get(SERVICE, *place),
        what="the Service is back",
    )
    wait_until(
        lambda: installation.child(DEPLOYMENT, "todo-api")["spec"]["revisionHistoryLimit"] == 3,
        what="the Deployment is as it was",
    )
    wait_until(
        lambda: operator.metric("todoapp_operator_drift_corrections_total") == 2,
        what="both are counted",
    )

    installation.apply(ELSEWHERE | {"suspend": True})
    installation.wait_for("Progressing", "False", "Suspended")
    installation.objects.delete(SERVICE, *place)
    installation.apply(ELSEWHERE | {"suspend": True, "image": "example.com/todoapp:2"})
    wait_until(
        lambda: installation.condition("Progressing").get("reason") == "Suspended",
        what="it has been looked at",
    )
    assert installation.objects.get(SERVICE, *place) is None
    installation.apply(ELSEWHERE)
    installation.wait_until_ready()
    assert installation.objects.get(SERVICE, *place)
    assert installation.objects.get(SECRET, "todo-jwt", installation.namespace) == key

    installation.delete()
    wait_until(
        lambda: not installation.children() and secrets_of_ours(installation) == ["todo-jwt", "todo-sealing"],
        what="nothing is left but the keys to what the database keeps",
    )
    assert installation.objects.get(TODOAPP, installation.name, installation.namespace) is None
    assert [line for line in operator.lines() if line["level"] in ("ERROR", "CRITICAL")] == []


def secrets_of_ours(installation: Installation) -> list[str]:
    labels = {"app.kubernetes.io/managed-by": MANAGER}
    found = installation.objects.list(SECRET, installation.namespace, **labels)
    return [each["metadata"]["name"] for each in found]
