"""Properties of the manifests of every valid TodoApp."""

import json
import re
from collections import Counter
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from testbed.kubernetes.generated_todoapps import todoapps
from todoapp_operator.kube.kinds import KINDS, Kind, Provider, kind_of
from todoapp_operator.kube.manifest import Manifest, body_of
from todoapp_operator.render.platform import Platform
from todoapp_operator.render.todoapp import render
from todoapp_operator.resource.quantities import canonical
from todoapp_operator.resource.spec import TodoApp

PLATFORM = Platform(image="registry.example.com/todoapp:1.0")
NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
OWN_KINDS = frozenset(kind for kind in KINDS if kind.provider is Provider.KUBERNETES)

generated = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)


def kinds() -> st.SearchStrategy[frozenset[Kind]]:
    """What a cluster may know: Kubernetes' own kinds, and any of the others."""
    return st.frozensets(st.sampled_from(KINDS)).map(OWN_KINDS.union)


def place(manifest: Manifest) -> tuple[Kind, str, str]:
    metadata = manifest["metadata"]
    return kind_of(manifest), metadata["namespace"], metadata["name"]


@generated
@given(todoapps())
def test_the_same_todoapp_becomes_the_same_bytes(app: TodoApp) -> None:
    again = TodoApp.model_validate(app.model_dump(by_alias=True))

    assert [*map(body_of, render(app, PLATFORM).manifests)] == [
        *map(body_of, render(again, PLATFORM).manifests)
    ]


@generated
@given(todoapps())
def test_every_object_has_a_valid_unique_name(app: TodoApp) -> None:
    places = Counter(map(place, render(app, PLATFORM).manifests))

    assert max(places.values()) == 1
    for _, namespace, name in places:
        assert NAME.fullmatch(name), name
        assert len(name) <= 63
        assert namespace


@generated
@given(todoapps())
def test_every_object_is_labelled_with_its_todoapp(app: TodoApp) -> None:
    for manifest in render(app, PLATFORM).manifests:
        labels = manifest["metadata"]["labels"]
        assert labels["app.kubernetes.io/managed-by"] == "todoapp-operator"
        assert (labels["todoapp.dev/namespace"], labels["todoapp.dev/name"]) == (
            app.metadata.namespace,
            app.metadata.name,
        )
        assert all(len(value) <= 63 for value in labels.values())


@generated
@given(todoapps())
def test_objects_are_owned_except_elsewhere_and_retained_databases(app: TodoApp) -> None:
    own = app.spec.database.cluster if app.spec.database else None
    kept = own is None or own.deletion_policy == "Retain"
    for manifest in render(app, PLATFORM).manifests:
        elsewhere = manifest["metadata"]["namespace"] != app.metadata.namespace
        without_owner = elsewhere or (manifest["kind"] == "Cluster" and kept)
        owners = [owner["uid"] for owner in manifest["metadata"].get("ownerReferences", [])]
        assert owners == ([] if without_owner else [app.metadata.uid])


@generated
@given(todoapps())
def test_pods_are_selected_by_labels_that_never_change(app: TodoApp) -> None:
    for manifest in render(app, PLATFORM).manifests:
        if manifest["kind"] == "Deployment":
            chosen = manifest["spec"]["selector"]["matchLabels"]
            template = manifest["spec"]["template"]["metadata"]["labels"]
            assert set(chosen) - {"todoapp.dev/release"} == {"todoapp.dev/name", "todoapp.dev/component"}
            assert chosen.items() <= template.items()


@generated
@given(todoapps(), kinds())
def test_unknown_kinds_are_left_out_and_reported_as_missing(app: TodoApp, known: frozenset[Kind]) -> None:
    everything = {kind_of(manifest) for manifest in render(app, PLATFORM).manifests}

    rendered = render(app, Platform(image=PLATFORM.image, kinds=known))

    assert {kind_of(manifest) for manifest in rendered.manifests} == everything & known
    assert {missing.kind for missing in rendered.missing} == everything - known


@generated
@given(todoapps(), st.sampled_from(["api", "recurrence", "secrets", "pubsub", "database", "dead-letter"]))
def test_todoapps_of_one_namespace_share_no_object(app: TodoApp, suffix: str) -> None:
    neighbour = renamed(app, f"{app.metadata.name[:28]}-{suffix}")

    assert not set(map(place, render(app, PLATFORM).manifests)) & set(
        map(place, render(neighbour, PLATFORM).manifests)
    )


def renamed(app: TodoApp, name: str) -> TodoApp:
    return app.model_copy(update={"metadata": app.metadata.model_copy(update={"name": name})})


@generated
@given(todoapps())
def test_the_api_server_rewrites_no_rendered_value(app: TodoApp) -> None:
    for manifest in render(app, PLATFORM).manifests:
        assert json.loads(json.dumps(manifest)) == manifest
        for quantity in quantities(manifest):
            assert canonical(quantity) == quantity


def quantities(value: Any) -> list[str]:
    """Every amount under a `requests` or `limits`."""
    if isinstance(value, list):
        return [found for each in value for found in quantities(each)]
    if not isinstance(value, dict):
        return []
    amounts = [*value.get("requests", {}).values(), *value.get("limits", {}).values()]
    return amounts + [found for each in value.values() for found in quantities(each)]


@generated
@given(todoapps())
def test_no_secret_is_rendered(app: TodoApp) -> None:
    assert not [manifest for manifest in render(app, PLATFORM).manifests if manifest["kind"] == "Secret"]
