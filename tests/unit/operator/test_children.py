"""The picture of a TodoApp's objects: what it keeps, what it tells, what it does not believe."""

from typing import Any

import pytest

from todoapp_operator.kube.informer import EVERYWHERE, Scope
from todoapp_operator.kube.kinds import KINDS, Kind
from todoapp_operator.kube.manifest import body_of
from todoapp_operator.reconcile.children import Children, digest_of_body
from todoapp_operator.reconcile.facts import Pods, SecretDigests
from todoapp_operator.reconcile.ownership import AppKey, Owner
from todoapp_operator.reconcile.referenced_secrets import SECRET
from todoapp_operator.render.identity import MANAGER, NAME_LABEL, NAMESPACE_LABEL
from todoapp_operator.resource.spec import API_VERSION, KIND

CONFIG_MAP, DEPLOYMENT = (
    next(kind for kind in KINDS if kind.name == name) for name in ("ConfigMap", "Deployment")
)
HOME = AppKey("home", "todo")
OWNER = Owner(HOME, "uid of todo")
RENDERED: dict[str, Any] = {"metadata": {"name": "flags", "namespace": "home"}, "data": {"answer": "42"}}
DIGEST = digest_of_body(body_of(RENDERED))


@pytest.fixture
def told() -> list[AppKey]:
    """Who was told of a change."""
    return []


@pytest.fixture
def children(told: list[AppKey]) -> Children:
    return Children(told.append)


def live(
    version: int, *, app: str = "todo", uid: str = "1", answer: str = "42", **more: Any
) -> dict[str, Any]:
    """A ConfigMap as the API server returns it after we applied `RENDERED`."""
    return {
        "metadata": {
            "name": "flags",
            "namespace": "home",
            "uid": uid,
            "resourceVersion": str(version),
            "labels": {NAMESPACE_LABEL: "home", NAME_LABEL: app},
            "ownerReferences": [controller(app)],
            "managedFields": [
                {"manager": MANAGER, "operation": "Apply", "fieldsV1": {"f:data": {"f:answer": {}}}}
            ],
            **more,
        },
        "data": {"answer": answer},
    }


def controller(app: str) -> dict[str, Any]:
    return {"apiVersion": API_VERSION, "kind": KIND, "name": app, "uid": f"uid of {app}", "controller": True}


def agrees(children: Children, kind: Kind = CONFIG_MAP) -> bool:
    child = children.get(kind, "home", "flags")
    assert child
    return child.agrees(DIGEST, lambda: RENDERED)


def test_a_listed_object_is_compared_once(children: Children) -> None:
    children.of_kind(CONFIG_MAP).put(live(5))

    assert agrees(children)
    child = children.get(CONFIG_MAP, "home", "flags")
    assert child
    assert child.agrees(DIGEST, lambda: pytest.fail("it is known to be as rendered"))


def test_what_was_applied_agrees_without_being_compared(children: Children, told: list[AppKey]) -> None:
    child = children.applied(CONFIG_MAP, live(5), DIGEST)

    assert child.agrees(DIGEST, lambda: pytest.fail("it is known to be as rendered"))
    assert told == []


def test_our_own_writes_are_not_reported_as_changes(children: Children, told: list[AppKey]) -> None:
    children.applied(CONFIG_MAP, live(5), DIGEST)

    children.of_kind(CONFIG_MAP).put(live(4, answer="before"))
    children.of_kind(CONFIG_MAP).put(live(5))

    assert told == []
    assert agrees(children)


def test_an_edit_is_reported_but_not_a_new_version(children: Children, told: list[AppKey]) -> None:
    children.applied(CONFIG_MAP, live(5), DIGEST)

    children.of_kind(CONFIG_MAP).put(live(6))
    assert (told, agrees(children)) == ([], True)

    children.of_kind(CONFIG_MAP).put(live(7, answer="43"))
    assert (told, agrees(children)) == ([HOME], False)


def test_a_deletion_is_reported_but_not_of_a_predecessor(children: Children, told: list[AppKey]) -> None:
    children.applied(CONFIG_MAP, live(8, uid="2"), DIGEST)

    children.of_kind(CONFIG_MAP).remove(live(7, uid="1"))
    assert told == []

    children.of_kind(CONFIG_MAP).remove(live(9, uid="2"))
    assert told == [HOME]
    assert children.get(CONFIG_MAP, "home", "flags") is None
    assert list(children.of_owner(OWNER)) == []


def test_objects_missing_from_a_list_are_removed(children: Children, told: list[AppKey]) -> None:
    kept = live(5) | {"metadata": live(5)["metadata"] | {"name": "kept"}}
    for manifest in (live(5), kept):
        children.applied(CONFIG_MAP, manifest, DIGEST)

    children.of_kind(CONFIG_MAP).retain({("home", "kept")}, EVERYWHERE)

    assert told == [HOME]
    assert [child.name for child in children.of_owner(OWNER)] == ["kept"]


def test_both_todoapps_are_notified_when_an_object_moves(children: Children, told: list[AppKey]) -> None:
    children.applied(CONFIG_MAP, live(5), DIGEST)

    children.of_kind(CONFIG_MAP).put(live(6, app="other"))

    assert told == [HOME, AppKey("home", "other")]
    assert list(children.of_owner(OWNER)) == []


def test_values_of_secrets_are_not_stored(children: Children) -> None:
    secret = live(5) | {"data": {"password": "aHVudGVyMg=="}}

    children.of_kind(SECRET).put(secret)

    child = children.get(SECRET, "home", "flags")
    assert child
    assert isinstance(child.facts, SecretDigests)
    assert set(child.facts.digests) == {"password"}
    assert b"aHVudGVyMg==" not in child.unverified
    assert "aHVudGVyMg==" not in repr(child)


def test_pods_that_become_ready_are_reported(children: Children, told: list[AppKey]) -> None:
    def deployment(version: int, ready: int) -> dict[str, Any]:
        template = {"spec": {"containers": [{"name": "api", "image": "todoapp:1"}]}}
        status = {"observedGeneration": 1, "readyReplicas": ready, "availableReplicas": ready}
        metadata = live(version)["metadata"] | {"generation": 1}
        spec = {"replicas": 2, "template": template}
        return {"metadata": metadata, "spec": spec, "status": status | {"updatedReplicas": 2, "replicas": 2}}

    for version, ready in ((5, 0), (6, 0), (7, 2)):
        children.of_kind(DEPLOYMENT).put(deployment(version, ready))

    child = children.get(DEPLOYMENT, "home", "flags")
    assert child
    assert isinstance(child.facts, Pods)
    assert child.facts.ready == 2
    assert told == [HOME, HOME]


def test_list_of_one_namespace_removes_nothing_elsewhere(children: Children, told: list[AppKey]) -> None:
    children.applied(CONFIG_MAP, live(5), DIGEST)

    children.of_kind(CONFIG_MAP).retain((), Scope("other"))
    children.of_kind(CONFIG_MAP).retain((), Scope("home", "other"))
    assert agrees(children)

    children.of_kind(CONFIG_MAP).retain((), Scope("home", "flags"))
    assert children.get(CONFIG_MAP, "home", "flags") is None
    assert told == [HOME]
