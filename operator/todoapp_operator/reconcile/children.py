"""The objects of all TodoApps, as the informers tell: little of each, and where it belongs."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from todoapp_operator.kube.informer import Scope
from todoapp_operator.kube.kinds import Kind
from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.reconcile.comparison import is_as_rendered, owned_fields
from todoapp_operator.reconcile.facts import Facts, facts
from todoapp_operator.reconcile.ownership import AppKey, Owner, Standing, standing_of
from todoapp_operator.render.identity import MANAGER, REPAIR_MANAGER

__all__ = ["Child", "Children", "KindOfChildren", "child_of", "digest_of_body"]


def digest_of_body(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=16).digest()


@dataclass(slots=True)
class Child:
    """What is kept of an object.

    `unverified` holds the object until it has once been compared with what was rendered; from then on
    `agrees_with` is the digest of that rendering, until the object changes.
    """

    kind: Kind
    namespace: str
    name: str
    standing: Standing
    uid: str
    version: int
    deleting: bool
    fingerprint: bytes
    facts: Facts
    unverified: bytes
    agrees_with: bytes

    @property
    def app(self) -> AppKey | None:
        """Who is told of its changes."""
        return self.standing.app

    def agrees(self, digest: bytes, rendered: Callable[[], Manifest]) -> bool:
        """Whether the object is as rendered; the manifest, whose body has this digest, is seldom needed."""
        if self.unverified:
            live = orjson.loads(self.unverified)
            if live["in_repair"] or not is_as_rendered(rendered(), live["object"], live["owned"]):
                return False
            self.unverified, self.agrees_with = b"", digest
        return self.agrees_with == digest


class Children:
    """`on_change` is told whose object changed in a way that may matter."""

    def __init__(self, on_change: Callable[[AppKey], None]) -> None:
        self._on_change = on_change
        self._kinds: dict[Kind, KindOfChildren] = {}
        self._by_app: dict[AppKey, dict[tuple[Kind, str, str], Child]] = defaultdict(dict)

    def of_kind(self, kind: Kind) -> "KindOfChildren":
        return self._kinds.setdefault(kind, KindOfChildren(kind, self))

    def get(self, kind: Kind, namespace: str, name: str) -> Child | None:
        return self.of_kind(kind).get(namespace, name)

    def of_owner(self, owner: Owner) -> Iterable[Child]:
        """What belongs to a TodoApp. What it only may take over is found by `get`."""
        mine = self._by_app.get(owner.key, {}).values()
        return tuple(child for child in mine if child.standing.is_of(owner))

    def applied(self, kind: Kind, manifest: Manifest, digest: bytes) -> Child:
        """Note what the API server made of what was applied, without waiting to hear it from the watch."""
        return self.of_kind(kind).note(manifest, digest)

    def changed(self, before: Child | None, after: Child | None) -> None:
        """Keep the index right; notify the TodoApp that had the object and the one that has it now."""
        for app in dict.fromkeys(child.app for child in (before, after) if child):
            if app:
                self._on_change(app)
        self.reindex(before, after)

    def reindex(self, before: Child | None, after: Child | None) -> None:
        if before and before.app:
            mine = self._by_app[before.app]
            mine.pop((before.kind, before.namespace, before.name), None)
            if not mine:
                del self._by_app[before.app]
        if after and after.app:
            self._by_app[after.app][after.kind, after.namespace, after.name] = after


class KindOfChildren:
    """All objects of one kind; a sink for their informer."""

    def __init__(self, kind: Kind, children: Children) -> None:
        self._kind = kind
        self._children = children
        self._objects: dict[tuple[str, str], Child] = {}

    def get(self, namespace: str, name: str) -> Child | None:
        return self._objects.get((namespace, name))

    def put(self, manifest: Manifest) -> None:
        metadata = manifest["metadata"]
        known = self._objects.get((metadata["namespace"], metadata["name"]))
        if known and known.version >= int(metadata["resourceVersion"]):
            return
        child = child_of(self._kind, manifest, known)
        self._objects[child.namespace, child.name] = child
        if known is None or _matters(known, child):
            self._children.changed(known, child)
        else:
            self._children.reindex(known, child)

    def note(self, manifest: Manifest, digest: bytes) -> Child:
        metadata = manifest["metadata"]
        known = self._objects.get((metadata["namespace"], metadata["name"]))
        if known and known.version > int(metadata["resourceVersion"]):
            return known
        child = child_of(self._kind, manifest)
        child.unverified, child.agrees_with = b"", digest
        self._objects[child.namespace, child.name] = child
        self._children.reindex(known, child)
        return child

    def remove(self, manifest: Manifest) -> None:
        metadata = manifest["metadata"]
        place = metadata["namespace"], metadata["name"]
        known = self._objects.get(place)
        # Another of the same name may be there by now.
        if known and known.version <= int(metadata["resourceVersion"]):
            self._children.changed(self._objects.pop(place), None)

    def retain(self, present: Collection[tuple[str, str]], scope: Scope) -> None:
        for place in self._objects.keys() - set(present):
            if scope.covers(*place):
                self._children.changed(self._objects.pop(place), None)


def child_of(kind: Kind, manifest: Manifest, known: Child | None = None) -> Child:
    """What is kept of an object; `known` is what was kept of its state before."""
    manifest.setdefault("kind", kind.name)  # entries of a list come without
    metadata = manifest["metadata"]
    owned = owned_fields(manifest, MANAGER)
    in_repair = any(entry["manager"] == REPAIR_MANAGER for entry in metadata.get("managedFields", ()))
    content = orjson.dumps({"object": _lasting(manifest), "owned": owned, "in_repair": in_repair})
    fingerprint = digest_of_body(content)
    same = known is not None and known.fingerprint == fingerprint
    standing = standing_of(kind, manifest)
    if known and known.uid == metadata["uid"]:
        standing = standing.following(known.standing)
    return Child(
        kind=kind,
        namespace=metadata["namespace"],
        name=metadata["name"],
        standing=standing,
        uid=metadata["uid"],
        version=int(metadata["resourceVersion"]),
        deleting="deletionTimestamp" in metadata,
        fingerprint=fingerprint,
        facts=facts(manifest),
        unverified=known.unverified if known and same else content,
        agrees_with=known.agrees_with if known and same else b"",
    )


_PASSING = frozenset({"managedFields", "resourceVersion", "generation"})


# The facts of a Secret have digests of its values; those themselves are kept nowhere.
_LEFT_OUT = frozenset({"apiVersion", "kind", "status"})
_LEFT_OUT_OF_SECRETS = _LEFT_OUT | {"data"}


def _lasting(manifest: Manifest) -> dict[str, Any]:
    """The object without what changes by itself."""
    left_out = _LEFT_OUT_OF_SECRETS if manifest["kind"] == "Secret" else _LEFT_OUT
    metadata = {name: value for name, value in manifest["metadata"].items() if name not in _PASSING}
    return {name: value for name, value in manifest.items() if name not in left_out} | {"metadata": metadata}


def _matters(known: Child, child: Child) -> bool:
    return (
        known.fingerprint != child.fingerprint
        or known.facts != child.facts
        or known.deleting != child.deleting
        or known.uid != child.uid
    )
