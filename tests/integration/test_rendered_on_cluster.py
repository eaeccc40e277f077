"""What a real API server says of the TodoApp's definition and of everything that TodoApps become."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from pydantic import ValidationError

from testbed.made_up_todoapps import resources, todoapps
from testbed.waiting import wait_until
from todoapp_operator.crd import crd
from todoapp_operator.document import load
from todoapp_operator.render.kinds import Kind, kind_of
from todoapp_operator.render.manifest import Manifest
from todoapp_operator.render.platform import Platform
from todoapp_operator.render.todoapp import render
from todoapp_operator.spec import API_VERSION, TodoApp

PLATFORM = Platform(image="registry.example.com/todoapp:1.0")
EXAMPLES = sorted(Path("examples").glob("*.yaml"))
DEFINITION = Kind("apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions")
TODOAPP = Kind(API_VERSION, "TodoApp", "todoapps")
RIGHTS = {
    "ClusterRole": Kind("rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles"),
    "ClusterRoleBinding": Kind("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "clusterrolebindings"),
}
OPERATOR = "system:serviceaccount:todoapp-system:todoapp-operator"

made_up = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.generate],  # a smaller example is not worth hundreds of requests
)


def url(kind: Kind, name: str, namespace: str | None = None) -> str:
    root = f"/apis/{kind.api_version}" if kind.group else f"/api/{kind.api_version}"
    place = f"/namespaces/{namespace}" if namespace else ""
    return f"{root}{place}/{kind.plural}/{name}"


def applied(
    kubernetes: httpx.Client,
    kind: Kind,
    manifest: Manifest,
    namespace: str | None,
    *,
    dry_run: bool = False,
    user: str | None = None,
) -> httpx.Response:
    """Apply a manifest to `namespace`, as the administrator or `user`; an unknown field is refused."""
    parameters = {"fieldManager": "test", "fieldValidation": "Strict", "force": "true"}
    return kubernetes.patch(
        url(kind, manifest["metadata"]["name"], namespace),
        params=parameters | ({"dryRun": "All"} if dry_run else {}),
        headers={
            "content-type": "application/apply-patch+yaml",
            **({"impersonate-user": user} if user else {}),
        },
        content=orjson.dumps(moved(manifest, namespace)),
    )


def moved(manifest: Manifest, namespace: str | None) -> Manifest:
    place = {"namespace": namespace} if namespace else {}
    return manifest | {"metadata": {**manifest["metadata"], **place}}


def todoapp(spec: dict[str, Any], name: str = "todo") -> Manifest:
    return {"apiVersion": API_VERSION, "kind": "TodoApp", "metadata": {"name": name}, "spec": spec}


@pytest.fixture(scope="module")
def definition(kubernetes: httpx.Client) -> Iterator[str]:
    """The cluster knows TodoApps."""
    name = crd()["metadata"]["name"]
    applied(kubernetes, DEFINITION, crd(), None).raise_for_status()
    # The address is there a moment after the condition.
    wait_until(lambda: kubernetes.get(url(TODOAPP, "")).is_success, what="TodoApps can be asked for")
    yield name
    kubernetes.delete(url(DEFINITION, name)).raise_for_status()


@pytest.fixture(scope="module")
def rights(kubernetes: httpx.Client) -> Iterator[str]:
    """The user that has the operator's rights."""
    documents = yaml.safe_load_all(Path("operator/manifests/rbac.yaml").read_text())
    given = [
        each
        for each in documents
        if each["kind"] in RIGHTS and each["metadata"]["name"] == "todoapp-operator"
    ]
    for manifest in given:
        applied(kubernetes, RIGHTS[manifest["kind"]], manifest, None).raise_for_status()
    yield OPERATOR
    for manifest in given:
        kubernetes.delete(url(RIGHTS[manifest["kind"]], manifest["metadata"]["name"])).raise_for_status()


@pytest.fixture
def guarded(kubernetes: httpx.Client, namespace: str) -> str:
    """A namespace in which the API server warns of pods that are not restricted."""
    labels = {"pod-security.kubernetes.io/warn": "restricted"}
    kubernetes.patch(
        f"/api/v1/namespaces/{namespace}",
        json={"metadata": {"labels": labels}},
        headers={"content-type": "application/merge-patch+json"},
    ).raise_for_status()
    return namespace


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda file: file.stem)
def test_every_child_of_an_example_is_taken_without_a_warning(
    example: Path, kubernetes: httpx.Client, guarded: str
) -> None:
    for manifest in render(load(example).app, PLATFORM):
        answer = applied(kubernetes, kind_of(manifest), manifest, guarded, dry_run=True)
        assert answer.is_success, answer.text
        assert "warning" not in answer.headers


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda file: file.stem)
def test_the_operator_may_make_every_child_of_an_example(
    example: Path, rights: str, kubernetes: httpx.Client, namespace: str
) -> None:
    for manifest in render(load(example).app, PLATFORM):
        answer = applied(kubernetes, kind_of(manifest), manifest, namespace, user=rights)
        assert answer.is_success, answer.text


def test_what_a_made_up_todoapp_becomes_is_taken_as_it_is(kubernetes: httpx.Client, namespace: str) -> None:
    @settings(made_up, max_examples=50)
    @given(todoapps())
    def taken(app: TodoApp) -> None:
        for manifest in render(app, PLATFORM):
            answer = applied(kubernetes, kind_of(manifest), manifest, namespace, dry_run=True)
            assert answer.is_success, answer.text
            assert list(changes(answer.json(), moved(manifest, namespace))) == []

    taken()


def changes(stored: Any, rendered: Any, path: str = "") -> Iterator[str]:
    """What the API server changed of what was rendered; what it added does not count."""
    if isinstance(rendered, dict) and isinstance(stored, dict):
        for name, value in rendered.items():
            yield from changes(stored.get(name), value, f"{path}.{name}")
    elif isinstance(rendered, list) and isinstance(stored, list) and len(rendered) == len(stored):
        for index, value in enumerate(rendered):
            yield from changes(stored[index], value, f"{path}[{index}]")
    elif rendered != stored:
        yield f"{path}: {rendered!r} became {stored!r}"


@pytest.mark.usefixtures("definition")
def test_the_api_server_refuses_what_validate_refuses(kubernetes: httpx.Client, namespace: str) -> None:
    @settings(made_up, max_examples=250)
    @given(resources(lawful=False))
    def agreed(resource: dict[str, Any]) -> None:
        manifest = todoapp(resource.get("spec", {}), resource["metadata"]["name"])
        answer = applied(kubernetes, TODOAPP, manifest, namespace, dry_run=True)
        assert answer.is_success == is_valid(resource), answer.text

    agreed()


def is_valid(resource: dict[str, Any]) -> bool:
    try:
        TodoApp.model_validate(resource)
    except ValidationError:
        return False
    return True


@pytest.mark.usefixtures("definition")
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda file: file.stem)
def test_an_example_comes_back_as_it_was_meant(
    example: Path, kubernetes: httpx.Client, namespace: str
) -> None:
    [resource] = [each for each in yaml.safe_load_all(example.read_text()) if each["kind"] == "TodoApp"]

    stored = applied(kubernetes, TODOAPP, resource, namespace).raise_for_status().json()

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
def test_what_cannot_be_undone_is_not_changed(
    before: dict[str, Any], after: dict[str, Any], field: str, kubernetes: httpx.Client, namespace: str
) -> None:
    applied(kubernetes, TODOAPP, todoapp(before), namespace).raise_for_status()

    refused = applied(kubernetes, TODOAPP, todoapp(after), namespace)

    assert refused.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert [cause["field"] for cause in refused.json()["details"]["causes"]] == [field]
