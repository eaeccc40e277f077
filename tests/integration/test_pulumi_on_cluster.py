"""A real API server takes every Kubernetes object that the Pulumi program asks for, strictly checked."""

from collections.abc import Iterator, Mapping
from functools import partial

import httpx
import pytest
import yaml

from testbed.kubernetes_objects import CUSTOM_RESOURCE_DEFINITION, Objects
from testbed.pulumi_program import OTHER_CHOICES, STACKS, PulumiProgram, Run, revealed
from testbed.waiting import wait_until
from todoapp_operator.control_plane.artifacts.go_modules import GoModule
from todoapp_operator.render.kinds import Kind

CERT_MANAGER = GoModule(
    "github.com/cert-manager/cert-manager", "1.21.2", "h1:UWgoYM+KLNtRlqmoWOKjKBOBUPVHeepQ6/ac3ERJW68="
)
ARGO_CD = GoModule(
    "github.com/argoproj/argo-cd/v3", "3.5.7", "h1:Xm1BF+I5OgDKUG3SDK49vn2/Y5AMyaNVko+/JT08gj0="
)
DEFINITIONS = (
    (CERT_MANAGER, "deploy/crds/cert-manager.io_certificates.yaml"),
    (CERT_MANAGER, "deploy/crds/cert-manager.io_clusterissuers.yaml"),
    (ARGO_CD, "manifests/crds/application-crd.yaml"),
)


@pytest.fixture(scope="module")
def definitions(objects: Objects, definition: str) -> tuple[str, ...]:
    """The cluster knows TodoApps, and the kinds of cert-manager and Argo CD that the platform uses."""
    manifests = [yaml.safe_load((module.folder() / file).read_text()) for module, file in DEFINITIONS]
    for manifest in manifests:
        objects.apply(CUSTOM_RESOURCE_DEFINITION, manifest)
    for manifest in manifests:
        group, plural = manifest["spec"]["group"], manifest["spec"]["names"]["plural"]
        version = manifest["spec"]["versions"][0]["name"]
        wait_until(
            partial(answers, objects.client, f"/apis/{group}/{version}/{plural}"),
            what=f"{plural} can be asked for",
        )
    return (definition, *(manifest["metadata"]["name"] for manifest in manifests))


def answers(client: httpx.Client, path: str) -> bool:
    return client.get(path).is_success


def refused(run: Run, objects: Objects, namespace: str) -> Iterator[str]:
    """What the API server says to each object that it does not take as it is."""
    for resource in run.resources:
        if resource.is_manifest:
            manifest = revealed(resource.inputs)
            kind, namespaced = known(objects.client, manifest["apiVersion"], manifest["kind"])
            place = namespace if namespaced else None
            answer = objects.answer_to_apply(kind, manifest, place, dry_run=True)
            if not answer.is_success or "warning" in answer.headers:
                yield f"{resource.urn}: {answer.headers.get('warning', '')} {answer.text}"


def known(client: httpx.Client, api_version: str, name: str) -> tuple[Kind, bool]:
    """The kind as the API server knows it, and whether its objects are in namespaces."""
    root = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
    [found] = (
        each
        for each in client.get(root).raise_for_status().json()["resources"]
        if each["kind"] == name and "/" not in each["name"]
    )
    return Kind(api_version, name, found["name"]), found["namespaced"]


@pytest.mark.usefixtures("definitions")
@pytest.mark.parametrize("stack", STACKS)
def test_every_object_of_a_stack_is_taken_without_a_warning(
    stack: str, stacks: Mapping[str, PulumiProgram], objects: Objects, namespace: str
) -> None:
    assert list(refused(stacks[stack].run(), objects, namespace)) == []


@pytest.mark.usefixtures("definitions")
@pytest.mark.parametrize("choice", OTHER_CHOICES)
def test_every_object_of_another_choice_is_taken_without_a_warning(
    choice: str, stacks: Mapping[str, PulumiProgram], objects: Objects, namespace: str
) -> None:
    assert list(refused(stacks["minikube"].run(**OTHER_CHOICES[choice]), objects, namespace)) == []


@pytest.mark.usefixtures("definitions")
def test_a_field_that_no_kind_has_is_refused(
    stacks: Mapping[str, PulumiProgram], objects: Objects, namespace: str
) -> None:
    inputs = stacks["minikube"].run().one("TodoApp").inputs
    kind, _ = known(objects.client, inputs["apiVersion"], inputs["kind"])

    answer = objects.answer_to_apply(
        kind, {**inputs, "spec": {"apis": {"replicas": 2}}}, namespace, dry_run=True
    )

    assert not answer.is_success
    assert ".spec.apis" in answer.text
