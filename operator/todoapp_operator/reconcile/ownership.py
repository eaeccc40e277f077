"""Which TodoApp an object belongs to: one rule, for what is indexed and for what is looked up by name.

Who may write in one namespace must reach nothing in another, so labels prove nothing by themselves. Within
a namespace anybody who could forge an owner reference or a manager could write the object itself.
docs/adr/0041 has the reasons.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from todoapp_operator.kube.kinds import Kind
from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.render.identity import (
    ADOPT_ANNOTATION,
    MANAGER,
    NAME_LABEL,
    NAMESPACE_LABEL,
    PLACE_LABEL,
    UID_LABEL,
)
from todoapp_operator.resource.spec import API_VERSION, KIND

__all__ = ["AppKey", "Owner", "Standing", "TakenName", "in_words", "is_all_ours", "standing_of"]

_KAFKA = frozenset({"KafkaTopic", "KafkaUser"})
"""Kinds that lie with Kafka, where no owner reference reaches them."""

_WITH_DATA = frozenset({"Cluster", "KafkaTopic"})
"""Kinds that are never taken from somebody: with the TodoApp their data would go."""

_SHOWN = 3

_GROUP = API_VERSION.partition("/")[0]


class AppKey(NamedTuple):
    """Which TodoApp."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


class Owner(NamedTuple):
    """One TodoApp, told apart from an earlier one of its name."""

    key: AppKey
    uid: str


class Standing(NamedTuple):
    """What an object says of the TodoApp that it belongs to; it depends on nothing but the object."""

    app: AppKey | None
    """The only TodoApp that it can belong to."""
    uid: str
    """Of that TodoApp, as its controller or, with Kafka, in a label; empty without either."""
    left: bool
    """Our own, and no other controller's: a database that is kept, or what an earlier TodoApp left."""
    adopter: str
    """Name of the TodoApp that may take it over, by annotation."""

    def is_of(self, owner: Owner) -> bool:
        """Whether it is ours: to be counted, changed, waited for and deleted."""
        return self.app == owner.key and self.uid == owner.uid

    def is_free_for(self, owner: Owner) -> bool:
        """Whether `owner`, which wants an object of this kind, name and namespace, may write it."""
        return self.is_of(owner) or (self.left and self.app == owner.key) or self.adopter == owner.key.name

    def following(self, before: "Standing") -> "Standing":
        """This; or `before`, if the same object was ours and only its labels tell of another TodoApp now."""
        relabelled = self.app != before.app and self.uid in ("", before.uid)
        return before if before.left and relabelled else self


@dataclass(frozen=True)
class TakenName:
    """An object of somebody else's with a name that a TodoApp needs; `message` is for people."""

    kind: Kind
    message: str

    @classmethod
    def of(cls, owner: Owner, kind: Kind, namespace: str, name: str) -> "TakenName":
        if kind.name == "Cluster":
            way_out = (
                "it holds data and is never taken over: to use it, name its Secret in "
                "`spec.database.secretRef`; else give the TodoApp another name"
            )
        elif kind.name in _WITH_DATA:
            way_out = "it holds data and is never taken over: remove it, or give the TodoApp another name"
        else:
            way_out = (
                "remove it, give the TodoApp another name, or let the TodoApp have it by the annotation "
                f"`{ADOPT_ANNOTATION}: {owner.key.name}`"
            )
        return cls(kind, f"{kind.name} {namespace}/{name} belongs to somebody else; {way_out}.")


def in_words(names: Sequence[TakenName]) -> str:
    """The first few of them."""
    shown, more = names[:_SHOWN], len(names) - _SHOWN
    return " ".join(name.message for name in shown) + (f" And {more} more." if more > 0 else "")


def standing_of(kind: Kind, manifest: Manifest) -> Standing:
    metadata = manifest["metadata"]
    controller = next((each for each in metadata.get("ownerReferences", ()) if each.get("controller")), None)
    labelled = _labelled(metadata.get("labels", {}))
    app, uid = _claimed(kind, metadata, labelled, controller)
    return Standing(
        app=app,
        uid=uid,
        left=app is not None
        and app == labelled
        and (controller is None or _is_todoapp(controller))
        and any(each["manager"] == MANAGER for each in metadata.get("managedFields", ())),
        adopter="" if kind.name in _WITH_DATA else metadata.get("annotations", {}).get(ADOPT_ANNOTATION, ""),
    )


def _claimed(
    kind: Kind,
    metadata: Mapping[str, Any],
    labelled: AppKey | None,
    controller: Mapping[str, Any] | None,
) -> tuple[AppKey | None, str]:
    """The only TodoApp that an object can belong to, and the uid of it as far as that is told."""
    namespace = metadata["namespace"]
    if controller and _is_todoapp(controller):
        return AppKey(namespace, controller["name"]), controller["uid"]
    if kind.name in _KAFKA:
        labels = metadata.get("labels", {})
        return labelled, labels.get(UID_LABEL, "") if labels.get(PLACE_LABEL) == namespace else ""
    inside = labelled is not None and labelled.namespace == namespace
    return labelled if inside else None, ""


def is_all_ours(manifest: Manifest) -> bool:
    """Whether nobody but us has ever applied or changed the object; its status does not count."""
    entries = manifest["metadata"].get("managedFields", ())
    return all(
        each["manager"] == MANAGER or each["manager"].startswith(f"{MANAGER}-")
        for each in entries
        if not each.get("subresource")
    )


def _labelled(labels: Mapping[str, str]) -> AppKey | None:
    namespace, name = labels.get(NAMESPACE_LABEL), labels.get(NAME_LABEL)
    return AppKey(namespace, name) if namespace and name else None


def _is_todoapp(controller: Mapping[str, str]) -> bool:
    return controller["kind"] == KIND and controller["apiVersion"].partition("/")[0] == _GROUP
