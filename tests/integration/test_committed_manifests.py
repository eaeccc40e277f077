"""A real API server takes every manifest under version control, down to the last field."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from testbed.control_plane.cluster import Cluster
from testbed.kubernetes.overlays import OVERLAYS, built
from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.render.platform import Platform
from todoapp_operator.render.todoapp import render
from todoapp_operator.resource.spec import TodoApp

DAPR = sorted(file for file in Path("dapr").rglob("*.yaml") if file.name != "dapr.yaml")

pytestmark = pytest.mark.usefixtures("definition", "argocd_definitions", "cert_manager_definitions")


def taken(kubectl: Path, cluster: Cluster, namespace: str, manifests: list[Manifest]) -> str:
    """What is said about manifests that are applied to `namespace` without an effect."""
    anywhere = [
        {**each, "metadata": {name: value for name, value in each["metadata"].items() if name != "namespace"}}
        for each in manifests
    ]
    access = ["--kubeconfig", str(cluster.connection.kubeconfig), "--namespace", namespace]
    strictly = ["--server-side", "--force-conflicts", "--dry-run=server", "--validate=strict"]
    apply = subprocess.run(
        [kubectl, *access, "apply", *strictly, "--output=name", "--filename=-"],
        input=json.dumps({"apiVersion": "v1", "kind": "List", "items": anywhere}),
        capture_output=True,
        text=True,
    )
    assert apply.returncode == 0, apply.stderr
    assert len(apply.stdout.splitlines()) == len(manifests)
    return apply.stderr


@pytest.mark.parametrize("folder", OVERLAYS, ids=str)
def test_the_cluster_accepts_the_manifests_of_a_folder(
    folder: Path, kustomize: Path, kubectl: Path, cluster: Cluster, namespace: str
) -> None:
    assert taken(kubectl, cluster, namespace, built(kustomize, folder)) == ""


def test_the_page_about_kafka_chooses_a_storage_class(
    kustomize: Path, kubectl: Path, cluster: Cluster, namespace: str, tmp_path: Path
) -> None:
    [example] = re.findall(r"```yaml\n(.*?)```", Path("docs/kafka.md").read_text(), re.DOTALL)
    here = os.path.relpath("strimzi/production", tmp_path)
    written, replaced = re.subn(r"https://github.com/\S+//strimzi/production\S*", here, example)
    (tmp_path / "kustomization.yaml").write_text(written)

    manifests = built(kustomize, tmp_path)

    assert replaced == 1
    assert taken(kubectl, cluster, namespace, manifests) == ""
    pools = [each["spec"] for each in manifests if each["kind"] == "KafkaNodePool"]
    assert {pool["storage"]["volumes"][0]["class"] for pool in pools} == {"premium-rwo"}


@pytest.mark.parametrize("environment", ["minikube", "production"])
def test_the_cluster_accepts_the_children_of_gits_todoapp(
    environment: str, kustomize: Path, kubectl: Path, cluster: Cluster, namespace: str
) -> None:
    [todo] = [
        each for each in built(kustomize, Path("gitops/apps") / environment) if each["kind"] == "TodoApp"
    ]
    manifests = render(
        TodoApp.model_validate(todo), Platform(image="registry.example.com/todoapp:1.0")
    ).manifests

    assert taken(kubectl, cluster, namespace, manifests) == ""


def test_the_cluster_accepts_every_dapr_file(kubectl: Path, cluster: Cluster, namespace: str) -> None:
    """One after another, as the sets have the same names."""
    for files in {file.parent: None for file in DAPR}:
        manifests = [yaml.safe_load(file.read_text()) for file in DAPR if file.parent == files]
        assert taken(kubectl, cluster, namespace, manifests) == ""
