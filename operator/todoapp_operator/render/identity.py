"""Names, labels and owner of the objects that a TodoApp becomes."""

import hashlib
import re
from typing import Any

import orjson

from todoapp_operator.resource.spec import API_VERSION, KIND, TodoApp

__all__ = [
    "ADOPT_ANNOTATION",
    "COMPONENT_LABEL",
    "MANAGER",
    "MANAGER_LABEL",
    "NAMESPACE_LABEL",
    "NAME_LABEL",
    "PLACE_LABEL",
    "RELEASE_LABEL",
    "REPAIR_MANAGER",
    "UID_LABEL",
    "digest",
    "metadata",
    "object_name",
    "own_labels",
    "selector",
]

MANAGER = "todoapp-operator"
"""Value of `MANAGER_LABEL` on every object."""

REPAIR_MANAGER = "todoapp-operator-repair"
"""Manager of what was put back in lists, until it is the operator's again."""

MANAGER_LABEL = "app.kubernetes.io/managed-by"
NAME_LABEL = "todoapp.dev/name"
NAMESPACE_LABEL = "todoapp.dev/namespace"
COMPONENT_LABEL = "todoapp.dev/component"

UID_LABEL = "todoapp.dev/uid"
"""Of the TodoApp, on what lies in another namespace: there it stands for the owner reference."""

PLACE_LABEL = "todoapp.dev/place"
"""The namespace in which we made such an object; a copy that lies elsewhere is not ours."""

ADOPT_ANNOTATION = "todoapp.dev/adopt"
"""On an object of somebody else's: the name of the TodoApp that may take it over."""

RELEASE_LABEL = "todoapp.dev/release"
"""Tells the releases of a `BlueGreen` roll-out apart."""

_LONGEST_NAME = 63
_DIGEST_LENGTH = 8
_DIGEST_LENGTH_IN_NAMES = 20
"""80 bits, because in Kafka's namespace a user is known by its name: no tenant can search for a name of
their own that is shortened to another tenant's."""
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")


def metadata(
    app: TodoApp,
    name: str,
    *,
    component: str | None = None,
    namespace: str | None = None,
    owned: bool = True,
    labels: dict[str, str] | None = None,
    annotations: dict[str, str] | None = None,
) -> dict[str, Any]:
    """An object's metadata.

    Owner references do not cross namespaces, so an object in another `namespace` has a label instead. One
    that outlives the TodoApp (`owned=False`) has neither, nor has any while the TodoApp is only a file.
    """
    namespace = namespace or app.metadata.namespace
    described = {"annotations": annotations} if annotations else {}
    inside = namespace == app.metadata.namespace
    known = owned and bool(app.metadata.uid)
    reference = {"ownerReferences": [_owner(app)]} if known and inside else {}
    place = {UID_LABEL: app.metadata.uid, PLACE_LABEL: namespace} if known and not inside else {}
    return {
        "name": name,
        "namespace": namespace,
        "labels": own_labels(app, component) | place | (labels or {}),
        **described,
        **reference,
    }


def selector(app: TodoApp, component: str | None = None) -> dict[str, str]:
    """Labels that select the pods of one component, or those of all.

    Only our own two: Kubernetes never lets a Deployment's selector change, so nothing that may change
    can be part of it.
    """
    chosen = {COMPONENT_LABEL: str(component)} if component else {}
    return {NAME_LABEL: app.metadata.name, **chosen}


def object_name(*parts: str) -> str:
    """Join `parts` with dots to a Kubernetes name of at most 63 characters.

    Where the parts do not allow that, a digest of them keeps the name unique.
    """
    name = ".".join(parts)
    if len(name) <= _LONGEST_NAME and _SUBDOMAIN.fullmatch(name):
        return name
    beginning = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    room = _LONGEST_NAME - _DIGEST_LENGTH_IN_NAMES - 1
    return f"{beginning[:room].rstrip('-')}-{_digest(name, _DIGEST_LENGTH_IN_NAMES)}".removeprefix("-")


def digest(value: Any) -> str:
    """Eight hexadecimal digits that change when `value`, as JSON, does."""
    return _digest(value, _DIGEST_LENGTH)


def _digest(value: Any, length: int) -> str:
    text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).hexdigest()[:length]


def own_labels(app: TodoApp, component: str | None) -> dict[str, str]:
    part = {"app.kubernetes.io/component": str(component)} if component else {}
    return {
        "app.kubernetes.io/name": "todoapp",
        "app.kubernetes.io/instance": app.metadata.name,
        **part,
        MANAGER_LABEL: MANAGER,
        NAMESPACE_LABEL: app.metadata.namespace,
        **selector(app, component),
    }


def _owner(app: TodoApp) -> dict[str, Any]:
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "name": app.metadata.name,
        "uid": app.metadata.uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }
