"""A real API server takes every Kubernetes object that the Pulumi program asks for, strictly checked."""

from collections.abc import Iterator, Mapping

import pytest

from testbed.kubernetes.objects import Objects
from testbed.pulumi.program import OTHER_CHOICES, STACKS, PulumiProgram, Run, revealed
from todoapp_operator.kube.kinds import Kind

all_kinds_known = pytest.mark.usefixtures("definition", "argocd_definitions", "cert_manager_definitions")


def refused(run: Run, objects: Objects, namespace: str) -> Iterator[str]:
    """What the API server says to each object that it does not take as it is."""
    for resource in run.resources:
        if resource.is_manifest:
            manifest = revealed(resource.inputs)
            kind, namespaced = known(objects, manifest["apiVersion"], manifest["kind"])
            place = namespace if namespaced else None
            answer = objects.answer_to_apply(kind, manifest, place, dry_run=True)
            if not answer.is_success or "warning" in answer.headers:
                yield f"{resource.urn}: {answer.headers.get('warning', '')} {answer.text}"


def known(objects: Objects, api_version: str, name: str) -> tuple[Kind, bool]:
    """The kind as the API server knows it, and whether its objects are in namespaces."""
    root = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
    [found] = (
        each
        for each in objects.ask("GET", root).raise_for_status().json()["resources"]
        if each["kind"] == name and "/" not in each["name"]
    )
    return Kind(api_version, name, found["name"]), found["namespaced"]


@all_kinds_known
@pytest.mark.parametrize("stack", STACKS)
def test_every_object_of_a_stack_is_accepted_without_a_warning(
    stack: str, stacks: Mapping[str, PulumiProgram], objects: Objects, namespace: str
) -> None:
    assert list(refused(stacks[stack].run(), objects, namespace)) == []


@all_kinds_known
@pytest.mark.parametrize("choice", OTHER_CHOICES)
def test_every_object_of_other_choices_is_accepted_without_a_warning(
    choice: str, stacks: Mapping[str, PulumiProgram], objects: Objects, namespace: str
) -> None:
    assert list(refused(stacks["minikube"].run(**OTHER_CHOICES[choice]), objects, namespace)) == []


@all_kinds_known
def test_a_field_that_no_kind_has_is_refused(
    stacks: Mapping[str, PulumiProgram], objects: Objects, namespace: str
) -> None:
    inputs = stacks["minikube"].run().one("TodoApp").inputs
    kind, _ = known(objects, inputs["apiVersion"], inputs["kind"])

    answer = objects.answer_to_apply(
        kind, {**inputs, "spec": {"apis": {"replicas": 2}}}, namespace, dry_run=True
    )

    assert not answer.is_success
    assert ".spec.apis" in answer.text
