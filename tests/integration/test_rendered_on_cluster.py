"""What a real API server says of the TodoApp's definition and of everything that TodoApps become."""

from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from testbed.kubernetes.comparison import differences
from testbed.kubernetes.generated_todoapps import resources, todoapps
from testbed.kubernetes.objects import NAMESPACE, POD, TODOAPP, Objects, in_namespace, typed
from testbed.waiting import wait_until
from todoapp_operator.kube.kinds import kind_of
from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.render.identity import digest
from todoapp_operator.render.platform import Platform
from todoapp_operator.render.todoapp import render
from todoapp_operator.resource.document import load
from todoapp_operator.resource.spec import API_VERSION, TodoApp

PLATFORM = Platform(image="registry.example.com/todoapp:1.0")
EXAMPLES = sorted(Path("examples").glob("*.yaml"))

made_up = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.generate],  # a smaller example is not worth hundreds of requests
)


def todoapp(spec: dict[str, Any], name: str = "todo") -> Manifest:
    return {"apiVersion": API_VERSION, "kind": "TodoApp", "metadata": {"name": name}, "spec": spec}


@pytest.fixture
def guarded(objects: Objects, namespace: str) -> str:
    """A namespace in which the API server warns of pods that are not restricted."""
    labels = {"pod-security.kubernetes.io/warn": "restricted"}
    objects.edit(NAMESPACE, namespace, None, {"metadata": {"labels": labels}})
    container = {"name": "probe", "image": "probe"}
    pod = typed(POD) | {"metadata": {"name": "probe"}, "spec": {"containers": [container]}}

    def warns() -> bool:
        answer = objects.answer_to_apply(POD, pod, namespace, dry_run=True).raise_for_status()
        return "warning" in answer.headers

    wait_until(warns, what="the API server heeds the label")
    return namespace


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda file: file.stem)
def test_every_child_of_an_example_is_accepted_without_a_warning(
    example: Path, objects: Objects, guarded: str
) -> None:
    for manifest in render(load(example).app, PLATFORM).manifests:
        answer = objects.answer_to_apply(kind_of(manifest), manifest, guarded, dry_run=True)
        assert answer.is_success, answer.text
        assert "warning" not in answer.headers


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda file: file.stem)
def test_the_operator_may_make_every_child_of_an_example(
    example: Path, rights: str, objects: Objects, namespace: str
) -> None:
    for manifest in render(load(example).app, PLATFORM).manifests:
        answer = objects.answer_to_apply(kind_of(manifest), manifest, namespace, user=rights)
        assert answer.is_success, answer.text


def test_the_cluster_stores_a_generated_todoapps_children_as_rendered(
    objects: Objects, namespace: str
) -> None:
    @settings(made_up, max_examples=50)
    @given(todoapps())
    def taken(app: TodoApp) -> None:
        for manifest in render(app, PLATFORM).manifests:
            answer = objects.answer_to_apply(kind_of(manifest), manifest, namespace, dry_run=True)
            assert answer.is_success, answer.text
            assert list(differences(answer.json(), in_namespace(manifest, namespace))) == []

    taken()


@pytest.mark.usefixtures("definition")
def test_the_cluster_refuses_the_same_todoapps_as_validate(objects: Objects, namespace: str) -> None:
    taken: set[str] = set()

    @settings(made_up, max_examples=500)
    @given(st.one_of(resources(lawful=False), resources()))
    def agreed(resource: dict[str, Any]) -> None:
        manifest = todoapp(resource.get("spec", {}))
        answer = objects.answer_to_apply(TODOAPP, manifest, namespace, dry_run=True)
        assert answer.is_success == is_valid(resource), answer.text
        if answer.is_success:
            for child in render(TodoApp.model_validate(answer.json()), PLATFORM).manifests:
                # Most are the same as those of another TodoApp, but for the owner.
                content = digest({**child, "metadata": child["metadata"] | {"ownerReferences": []}})
                if content not in taken:
                    answer = objects.answer_to_apply(kind_of(child), child, namespace, dry_run=True)
                    assert answer.is_success, answer.text
                    taken.add(content)

    agreed()


def is_valid(resource: dict[str, Any]) -> bool:
    try:
        TodoApp.model_validate(resource)
    except ValidationError:
        return False
    return True


@pytest.mark.usefixtures("definition")
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda file: file.stem)
def test_example_is_read_as_intended(example: Path, objects: Objects, namespace: str) -> None:
    [resource] = [each for each in yaml.safe_load_all(example.read_text()) if each["kind"] == "TodoApp"]

    stored = objects.apply(TODOAPP, resource, namespace)

    assert TodoApp.model_validate(stored).spec == load(example).app.spec


@pytest.mark.usefixtures("definition")
@pytest.mark.parametrize(
    ("before", "after", "field"),
    [
        ({"topics": {"reminders": {"partitions": 6}}}, {}, "spec.topics.reminders.partitions"),
        (
            {"database": {"cluster": {"storage": "1Gi"}}},
            {"database": {"cluster": {"storage": "1000Mi"}}},
            "spec.database.cluster.storage",
        ),
        (
            {"database": {"cluster": {"storageClass": "fast"}}},
            {"database": {"cluster": {}}},
            "spec.database.cluster.storageClass",
        ),
    ],
)
def test_irreversible_fields_cannot_be_changed(
    before: dict[str, Any], after: dict[str, Any], field: str, objects: Objects, namespace: str
) -> None:
    objects.apply(TODOAPP, todoapp(before), namespace)

    refused = objects.answer_to_apply(TODOAPP, todoapp(after), namespace)

    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert [cause["field"] for cause in refused.json()["details"]["causes"]] == [field]
