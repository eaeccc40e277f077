"""Who may edit one namespace changes nothing, reads nothing and holds up nothing in another.

The attacker is a service account with the role `edit` in a namespace of its own, and knows everything about
the victim, its uid included.
"""

from collections.abc import Iterator
from functools import partial
from http import HTTPStatus
from typing import Any

import pytest

from testbed.kubernetes.audit_log import Audit
from testbed.kubernetes.installations import ELSEWHERE, Installation
from testbed.kubernetes.objects import SECRET, TODOAPP, Objects, kind_named, typed
from testbed.kubernetes.other_operators import cloudnative_pg_finishes
from testbed.kubernetes.service_accounts import user_of, wait_until_allowed
from testbed.waiting import wait_until
from todoapp_operator.kube.kinds import Kind, kind_of
from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.reconcile.finalizer import FINALIZER
from todoapp_operator.render.identity import ADOPT_ANNOTATION, MANAGER, UID_LABEL, own_labels
from todoapp_operator.resource.spec import TodoApp

pytestmark = pytest.mark.usefixtures("installed_operator")

CLUSTER, CONFIG_MAP, DEPLOYMENT = kind_named("Cluster"), kind_named("ConfigMap"), kind_named("Deployment")
JOB, ROLE_BINDING, SERVICE = kind_named("Job"), kind_named("RoleBinding"), kind_named("Service")
SERVICE_ACCOUNT = kind_named("ServiceAccount")
HOLD = "example.com/hold"
FORGEABLE = (CONFIG_MAP, DEPLOYMENT, JOB, SERVICE)
"""Kinds that `edit` may create and that a TodoApp becomes."""


@pytest.fixture
def attacker(objects: Objects, other_namespace: str) -> Iterator[str]:
    """A user with the role `edit` in `other_namespace`; what it holds is let go at the end."""
    objects.create(SERVICE_ACCOUNT, {"metadata": {"name": "attacker"}}, other_namespace)
    subject = {"kind": "ServiceAccount", "name": "attacker", "namespace": other_namespace}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"}
    binding = {"metadata": {"name": "attacker"}, "roleRef": role, "subjects": [subject]}
    objects.create(ROLE_BINDING, binding, other_namespace)
    user = user_of(other_namespace, "attacker")
    for kind in (*FORGEABLE, TODOAPP):
        wait_until_allowed(objects, user, "create", kind, other_namespace)
    yield user
    for kind in FORGEABLE:
        for each in objects.list(kind, other_namespace):
            if HOLD in each["metadata"].get("finalizers", ()):
                no_finalizers = {"metadata": {"finalizers": None}}
                objects.edit(kind, each["metadata"]["name"], other_namespace, no_finalizers)


def forge(objects: Objects, attacker: str, victim: Manifest, namespace: str, **parts: Any) -> Manifest:
    """A copy of the victim's object, as like it as the attacker can make it."""
    metadata = {name: victim["metadata"][name] for name in ("name", "labels")} | {"finalizers": [HOLD]}
    spec = {name: value for name, value in victim.items() if name not in ("metadata", "status")}
    for name in ("clusterIP", "clusterIPs"):
        spec.get("spec", {}).pop(name, None)
    if victim["kind"] == "Job":
        spec["spec"] = {name: spec["spec"][name] for name in ("backoffLimit", "template")}
        labels = spec["spec"]["template"]["metadata"]["labels"]
        for name in [name for name in labels if "controller-uid" in name or "job-name" in name]:
            del labels[name]
    manifest = {**spec, **parts, "metadata": metadata}
    answer = objects.answer_to_apply(kind_of(victim), manifest, namespace, manager=MANAGER, user=attacker)
    stored: Manifest = answer.raise_for_status().json()
    return stored


def belongings(installation: Installation) -> dict[str, Any]:
    """Everything of a TodoApp in its namespace, without what changes by itself."""
    secrets = installation.objects.list(SECRET, installation.namespace)
    return {
        f"{each['kind']} {each['metadata']['name']}": (
            each["metadata"]["uid"],
            each["metadata"].get("labels"),
            each.get("spec"),
            each.get("data"),
        )
        for each in (*installation.children(), *secrets)
        if each["metadata"]["namespace"] == installation.namespace
    }


def test_forged_objects_change_nothing_of_the_victim(
    installation: Installation, attacker: str, other_namespace: str, audit: Audit
) -> None:
    installation.install()
    installation.wait_until_ready()
    before, status = belongings(installation), installation.resource()["status"]
    objects = installation.objects

    forged = [
        forge(objects, attacker, each, other_namespace)
        for kind in FORGEABLE
        for each in installation.of_kind(kind)
        if each["metadata"]["namespace"] == installation.namespace
    ]
    audit.requests()
    # An edit by the victim itself: when it is carried out, the operator has seen everything before it.
    installation.apply(ELSEWHERE | {"api": {"podAnnotations": {"example.com/seen": "1"}}})
    installation.wait_until_ready()

    assert {each["kind"] for each in forged} >= {"Deployment", "Job", "Service"}
    assert audit.writes(other_namespace) == []
    after = belongings(installation)
    assert {name: each[0] for name, each in after.items()} == {name: each[0] for name, each in before.items()}
    assert installation.resource()["status"]["services"] == status["services"]
    installation.delete()
    wait_until(partial(is_gone, installation), what="the TodoApp is gone")
    for each in forged:
        found = objects.get(kind_of(each), each["metadata"]["name"], other_namespace)
        assert found
        assert "deletionTimestamp" not in found["metadata"]


def test_attacker_reads_no_secret_and_writes_no_victim(
    installation: Installation, attacker: str, other_namespace: str
) -> None:
    """What a TodoApp of the attacker's becomes lies beside it, even under the victim's name."""
    installation.install()
    installation.wait_until_ready()
    before = belongings(installation)
    objects = installation.objects
    theirs = Installation(objects, other_namespace)

    manifest = {**typed(TODOAPP), "metadata": {"name": "todo"}, "spec": ELSEWHERE}
    answer = objects.answer_to_apply(TODOAPP, manifest, other_namespace, user=attacker)
    answer.raise_for_status()
    theirs.put_secret("database", url="postgresql://a:b@attacker.example.com/a")
    theirs.wait_until_ready()

    assert belongings(installation) == before
    own = {each["metadata"]["name"]: each["data"] for each in of_kind_in(theirs, SECRET)}
    victims = {
        each["metadata"]["name"]: each["data"] for each in objects.list(SECRET, installation.namespace)
    }
    assert own.keys() == victims.keys()
    assert not any(own[name] == victims[name] for name in own)
    for verb, path in (("GET", "secrets"), ("GET", "secrets/todo-jwt")):
        refused = objects.ask(verb, f"/api/v1/namespaces/{installation.namespace}/{path}", user=attacker)
        assert refused.status_code == HTTPStatus.FORBIDDEN
    theirs.delete()
    wait_until(lambda: not of_kind_in(theirs, DEPLOYMENT), what="the attacker's TodoApp is gone")
    assert belongings(installation) == before


def is_gone(installation: Installation) -> bool:
    return installation.objects.get(TODOAPP, installation.name, installation.namespace) is None


def of_kind_in(installation: Installation, kind: Kind) -> list[Manifest]:
    return installation.objects.list(kind, installation.namespace)


def test_held_object_elsewhere_keeps_no_todoapp(
    installation: Installation, attacker: str, other_namespace: str
) -> None:
    installation.install()
    installation.wait_until_ready()
    resource = installation.resource()
    labels = own_labels(TodoApp.model_validate(resource), None) | {UID_LABEL: resource["metadata"]["uid"]}
    metadata = {"name": "held", "labels": labels, "finalizers": [HOLD]}
    manifest = {**typed(CONFIG_MAP), "metadata": metadata}
    objects = installation.objects
    objects.answer_to_apply(CONFIG_MAP, manifest, other_namespace, user=attacker).raise_for_status()

    installation.apply(ELSEWHERE | {"networkPolicy": False})
    installation.wait_until_ready()
    assert FINALIZER not in installation.resource()["metadata"].get("finalizers", ())
    installation.delete()

    wait_until(partial(is_gone, installation), what="the TodoApp is gone")
    held = objects.get(CONFIG_MAP, "held", other_namespace)
    assert held
    assert "deletionTimestamp" not in held["metadata"]


def test_users_database_is_not_taken(installation: Installation) -> None:
    storage = {"size": "50Gi", "storageClass": "fast"}
    initdb = {"initdb": {"database": "precious", "owner": "precious"}}
    spec = {"instances": 3, "storage": storage, "bootstrap": initdb}
    manifest = {**typed(CLUSTER), "metadata": {"name": "todo-database"}, "spec": spec}
    theirs = installation.objects.apply(CLUSTER, manifest, installation.namespace)

    installation.apply(ELSEWHERE | {"database": {"cluster": {"deletionPolicy": "Delete"}}})
    condition = installation.wait_for("DatabaseReady", "False", "NameTaken")
    deployments = installation.of_kind(DEPLOYMENT)
    installation.delete()
    wait_until(lambda: not installation.of_kind(SERVICE), what="everything else is gone")

    assert "spec.database.secretRef" in condition["message"]
    assert deployments == []
    assert installation.child(CLUSTER, "todo-database") == theirs


def test_taken_service_is_adopted_when_annotated(installation: Installation) -> None:
    spec = {"selector": {"app": "precious"}, "ports": [{"name": "web", "port": 80}]}
    manifest = {**typed(SERVICE), "metadata": {"name": "todo-api"}, "spec": spec}
    objects, place = installation.objects, ("todo-api", installation.namespace)
    theirs = objects.apply(SERVICE, manifest, installation.namespace)

    installation.install()
    condition = installation.wait_for("Ready", "False", "NameTaken")
    untouched = installation.child(SERVICE, "todo-api")
    objects.edit(SERVICE, *place, {"metadata": {"annotations": {ADOPT_ANNOTATION: "todo"}}})

    installation.wait_until_ready()
    assert untouched == theirs
    assert ADOPT_ANNOTATION in condition["message"]
    assert installation.child(SERVICE, "todo-api")["spec"]["selector"]["todoapp.dev/name"] == "todo"
    assert installation.defects() == []


def test_restored_copies_in_another_namespace_are_kept(
    installation: Installation, other_namespace: str
) -> None:
    installation.install(ELSEWHERE | {"database": {"cluster": {}}})
    cloudnative_pg_finishes(installation)
    installation.wait_until_ready()
    objects = installation.objects
    copies = []
    for kind in (SERVICE, kind_named("NetworkPolicy"), CLUSTER):
        original = installation.of_kind(kind)[0]
        labels = {"name": original["metadata"]["name"], "labels": original["metadata"]["labels"]}
        copy = {name: original[name] for name in ("apiVersion", "kind", "spec")} | {"metadata": labels}
        for name in ("clusterIP", "clusterIPs"):
            copy["spec"].pop(name, None)
        answer = objects.answer_to_apply(kind, copy, other_namespace, manager=MANAGER)
        copies.append(answer.raise_for_status().json())

    installation.apply(ELSEWHERE | {"database": {"cluster": {}}, "networkPolicy": False})
    installation.wait_until_ready()

    for copy in copies:
        found = objects.get(kind_of(copy), copy["metadata"]["name"], other_namespace)
        assert found
        assert found["metadata"]["uid"] == copy["metadata"]["uid"]
        assert "deletionTimestamp" not in found["metadata"]
