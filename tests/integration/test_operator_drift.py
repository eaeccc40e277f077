"""What somebody deletes or edits by hand comes back."""

from functools import partial
from itertools import zip_longest
from pathlib import Path

import pytest

from testbed.kubernetes.comparison import differences
from testbed.kubernetes.hand_edits import HandEdit, hand_edits
from testbed.kubernetes.installations import Installation
from testbed.kubernetes.objects import Objects
from testbed.kubernetes.other_operators import cloudnative_pg_finishes, gateway_accepts, strimzi_finishes
from testbed.waiting import wait_until
from todoapp_operator.kube.kinds import Kind, Provider, kind_of
from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.reconcile.order import WORKLOADS
from todoapp_operator.resource.document import load

pytestmark = pytest.mark.usefixtures("installed_operator")


@pytest.fixture
def production(installation: Installation, kafka_namespace: str) -> Installation:
    """examples/production.yaml, with a child of nearly every kind, ready."""
    spec = load(Path("examples/production.yaml")).app.spec.model_dump(by_alias=True, exclude_unset=True)
    strimzi = {"strimzi": {"cluster": "kafka", "namespace": kafka_namespace}}
    installation.apply(spec | {"broker": strimzi})
    the_others_finish(installation)
    return installation


def the_others_finish(installation: Installation) -> None:
    cloudnative_pg_finishes(installation)
    strimzi_finishes(installation)
    gateway_accepts(installation)
    installation.wait_until_ready()


Place = tuple[Kind, str, str]


def place(manifest: Manifest) -> Place:
    metadata = manifest["metadata"]
    return kind_of(manifest), metadata["name"], metadata["namespace"]


def test_every_child_that_is_deleted_comes_back(production: Installation) -> None:
    objects, before = production.objects, production.children()

    for child in before:
        objects.delete(*place(child))

    # The migration, and with it what has to do with pods, may wait until the others have done their part.
    theirs = [child for child in before if waits_for_none_of_them(kind_of(child))]
    for child in theirs:
        wait_until(partial(replaced, objects, child), what=f"{place(child)} is back")
    the_others_finish(production)
    for child in before:
        wait_until(partial(replaced, objects, child), what=f"{place(child)} is back")
    production.wait_until_ready()
    assert production.defects() == []


def waits_for_none_of_them(kind: Kind) -> bool:
    """Whether an object for another operator is created at once, regardless of that operator's state."""
    return kind.provider is not Provider.KUBERNETES and kind.name not in WORKLOADS


def replaced(objects: Objects, child: Manifest) -> bool:
    """Whether another object has its name."""
    found = objects.get(*place(child))
    return found is not None and found["metadata"]["uid"] != child["metadata"]["uid"]


@pytest.mark.timeout(func_only=True)
def test_every_field_that_is_edited_comes_back(production: Installation) -> None:
    """Each field of each kind once: in every round one field of each child is edited."""
    objects, wanted = production.objects, production.wanted()
    edits = each_once(wanted, objects)

    taken = 0
    for turn in zip_longest(*edits):
        chosen = zip(wanted, turn, strict=True)
        edited = [(child, edit) for child, edit in chosen if edit and made(objects, child, edit)]
        taken += len(edited)
        for child, edit in edited:
            wait_until(partial(intact, objects, child), what=f"{edit} of {place(child)} is as before")

    assert taken > sum(map(len, edits)) / 2
    the_others_finish(production)
    assert production.defects() == []


def each_once(wanted: list[Manifest], objects: Objects) -> list[list[HandEdit]]:
    """The edits of each child; of those that several children of a kind have in common, only the first."""
    seen: set[tuple[str, str]] = set()
    edits = []
    for child in wanted:
        live = objects.get(*place(child))
        assert live, f"{place(child)} is missing"
        new = [edit for edit in hand_edits(child, live) if (child["kind"], str(edit)) not in seen]
        seen |= {(child["kind"], str(edit)) for edit in new}
        edits.append(new)
    return edits


def made(objects: Objects, child: Manifest, edit: HandEdit) -> bool:
    """Whether the API server takes one of the edit's values: some fields never change, some are a choice."""
    return any(objects.takes(*place(child), change) for change in edit.changes)


def intact(objects: Objects, child: Manifest) -> bool:
    return list(differences(objects.get(*place(child)), child)) == []
