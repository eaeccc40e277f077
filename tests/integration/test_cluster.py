"""The control plane that developers and tests use behaves as a Kubernetes cluster does."""

import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import yaml

from testbed.control_plane.artifacts.crds import crd_files
from testbed.control_plane.artifacts.go_modules import GoModule
from testbed.control_plane.artifacts.tools import API_SERVER
from testbed.control_plane.cluster import Cluster
from testbed.control_plane.components import Component
from testbed.control_plane.initial_objects import not_usable
from testbed.kubernetes.objects import CUSTOM_RESOURCE_DEFINITION, Objects
from testbed.kubernetes.tools import HELM, KUBECTL, KUSTOMIZE
from testbed.waiting import WAIT_TIMEOUT, wait_until
from todoapp_operator.resource.user_error import UserError

APPLY = {"Content-Type": "application/apply-patch+yaml"}
STRICT = {"fieldManager": "tests", "fieldValidation": "Strict"}
CLUSTER = (Path(sys.executable), "-m", "testbed.control_plane")
ENVIRONMENT = os.environ | {"PYTHONPATH": "tests"}


def pod_template(restart_policy: str) -> dict[str, Any]:
    return {
        "metadata": {"labels": {"app": "hello"}},
        "spec": {"containers": [{"name": "hello", "image": "hello:1"}], "restartPolicy": restart_policy},
    }


DEPLOYMENT: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "hello"},
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": {"app": "hello"}},
        "template": pod_template("Always"),
    },
}
JOB: dict[str, Any] = {
    "apiVersion": "batch/v1",
    "kind": "Job",
    "metadata": {"name": "hello"},
    "spec": {"template": pod_template("Never")},
}
TOPIC: dict[str, Any] = {
    "apiVersion": "kafka.strimzi.io/v1",
    "kind": "KafkaTopic",
    "metadata": {"name": "task-events", "labels": {"strimzi.io/cluster": "kafka"}},
    "spec": {"partitions": 3, "retention": "7d"},
}
SAME_KIND_AGAIN: dict[str, Any] = {
    "metadata": {"name": "copies.kafka.strimzi.io"},
    "spec": {
        "group": "kafka.strimzi.io",
        "scope": "Namespaced",
        "names": {"plural": "copies", "kind": "KafkaTopic"},
        "versions": [
            {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}}
        ],
    },
}


def test_a_namespace_gets_a_service_account(kubernetes: httpx.Client, namespace: str) -> None:
    [account] = kubernetes.get(f"/api/v1/namespaces/{namespace}/serviceaccounts").json()["items"]

    assert account["metadata"]["name"] == "default"


def test_pods_of_a_deployment_become_ready(kubernetes: httpx.Client, namespace: str) -> None:
    deployments = f"/apis/apps/v1/namespaces/{namespace}/deployments"

    kubernetes.post(deployments, json=DEPLOYMENT).raise_for_status()

    wait_until(
        lambda: kubernetes.get(f"{deployments}/hello").json()["status"].get("readyReplicas") == 2,
        what="2 pods are ready",
    )
    pods = kubernetes.get(f"/api/v1/namespaces/{namespace}/pods").json()["items"]
    assert len({pod["spec"]["nodeName"] for pod in pods}) == 2


def test_a_job_completes(kubernetes: httpx.Client, namespace: str) -> None:
    jobs = f"/apis/batch/v1/namespaces/{namespace}/jobs"

    kubernetes.post(jobs, json=JOB).raise_for_status()

    assert wait_until(
        lambda: kubernetes.get(f"{jobs}/hello").json()["status"].get("succeeded"),
        what="the Job has succeeded",
    )


def test_deleting_an_owner_deletes_its_objects(kubernetes: httpx.Client, namespace: str) -> None:
    deployment = f"/apis/apps/v1/namespaces/{namespace}/deployments/hello"
    pods = f"/api/v1/namespaces/{namespace}/pods"
    kubernetes.patch(deployment, params=STRICT, headers=APPLY, json=DEPLOYMENT).raise_for_status()
    wait_until(lambda: kubernetes.get(pods).json()["items"], what="there are pods")

    kubernetes.delete(deployment).raise_for_status()

    assert wait_until(lambda: not kubernetes.get(pods).json()["items"], what="the pods are gone")


def test_every_definition_is_established(kubernetes: httpx.Client) -> None:
    files = [yaml.safe_load(file.read_text()) for file in crd_files(report=pytest.fail)]

    established = {
        each["metadata"]["name"]
        for each in kubernetes.get("/apis/apiextensions.k8s.io/v1/customresourcedefinitions").json()["items"]
        if ("Established", "True") in {(one["type"], one["status"]) for one in each["status"]["conditions"]}
    }

    assert established >= {each["metadata"]["name"] for each in files}
    assert {each["spec"]["group"] for each in files} == {
        "dapr.io",
        "gateway.networking.k8s.io",
        "kafka.strimzi.io",
        "keda.sh",
        "monitoring.coreos.com",
        "postgresql.cnpg.io",
    }


@pytest.mark.parametrize(
    ("path", "manifest", "unknown"),
    [
        ("apis/apps/v1", DEPLOYMENT | {"spec": DEPLOYMENT["spec"] | {"replica": 2}}, "replica"),
        ("apis/kafka.strimzi.io/v1", TOPIC, "retention"),
    ],
    ids=["built in", "defined"],
)
def test_an_unknown_field_is_refused(
    kubernetes: httpx.Client, namespace: str, path: str, manifest: dict[str, Any], unknown: str
) -> None:
    url = f"/{path}/namespaces/{namespace}/{manifest['kind'].lower()}s/{manifest['metadata']['name']}"

    answer = kubernetes.patch(url, params=STRICT, headers=APPLY, json=manifest)

    assert not answer.is_success
    assert unknown in answer.json()["message"]
    assert kubernetes.get(url).status_code == HTTPStatus.NOT_FOUND


def test_a_service_account_may_do_nothing_by_itself(
    cluster: Cluster, kubernetes: httpx.Client, namespace: str
) -> None:
    account = f"/api/v1/namespaces/{namespace}/serviceaccounts/default"
    token = kubernetes.post(f"{account}/token", json={}).raise_for_status().json()["status"]["token"]

    answer = httpx.get(
        f"{cluster.connection.url}/api/v1/namespaces/{namespace}/secrets",
        headers={"Authorization": f"Bearer {token}"},
        verify=ssl.create_default_context(cafile=cluster.connection.authority),
        timeout=WAIT_TIMEOUT,
    )

    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert f"system:serviceaccount:{namespace}:default" in answer.json()["message"]


@pytest.mark.parametrize("component", [Component.API_SERVER, Component.ETCD])
def test_killed_component_restarts_with_all_data(
    cluster: Cluster, kubernetes: httpx.Client, namespace: str, component: Component
) -> None:
    maps = f"/api/v1/namespaces/{namespace}/configmaps"
    kubernetes.post(maps, json={"metadata": {"name": "kept"}, "data": {"answer": "42"}}).raise_for_status()
    before = cluster.pids[component]

    cluster.kill(component)
    cluster.restart(component)

    assert cluster.pids[component] != before
    # The API server says that it is ready as long as it has not noticed that etcd was away.
    kept = wait_until(partial(found, kubernetes, f"{maps}/kept"), what="the data can be read")
    assert kept["data"] == {"answer": "42"}


def found(kubernetes: httpx.Client, path: str) -> dict[str, Any] | None:
    answer = kubernetes.get(path)
    return dict(answer.json()) if answer.is_success else None


def test_a_definition_that_is_not_served_is_named(objects: Objects, kubernetes: httpx.Client) -> None:
    objects.create(CUSTOM_RESOURCE_DEFINITION, SAME_KIND_AGAIN)
    try:
        lacks = list(not_usable(kubernetes))
    finally:
        objects.delete(CUSTOM_RESOURCE_DEFINITION, "copies.kafka.strimzi.io")

    assert "an answer about copies.kafka.strimzi.io" in lacks


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    """A state folder in which no control plane is left running."""
    folder = tmp_path / "state"
    yield folder
    output(*CLUSTER, "down", "--state", str(folder))


def test_a_developer_gets_a_cluster_beside_this_one(cluster: Cluster, kubectl: Path, state: Path) -> None:
    up = output(*CLUSTER, "up", "--state", str(state))

    kubeconfig = up.strip().rpartition("KUBECONFIG=")[2]
    assert cluster.connection.url not in up
    assert "is ready at" in output(*CLUSTER, "status", "--state", str(state))
    assert output(kubectl, "--kubeconfig", kubeconfig, "get", "nodes").count(" Ready ") == 3

    processes = [
        each
        for each in psutil.process_iter(["cmdline"])
        if str(state) in " ".join(each.info["cmdline"] or ())
    ]
    assert len(processes) == len(Component) + 1
    output(*CLUSTER, "down", "--state", str(state))
    assert psutil.wait_procs(processes, timeout=WAIT_TIMEOUT)[1] == []
    assert [each.name for each in state.iterdir()] == ["control-plane.lock"]


def test_programs_are_the_pinned_ones(
    kubernetes: httpx.Client, kubectl: Path, kustomize: Path, helm: Path
) -> None:
    assert kubernetes.get("/version").json()["gitVersion"] == f"v{API_SERVER.version}"

    versions = [output(kubectl, "version", "--client"), output(kustomize, "version"), output(helm, "version")]

    for tool, version in zip((KUBECTL, KUSTOMIZE, HELM), versions, strict=True):
        assert f"v{tool.version}" in version


def test_a_module_other_than_the_pinned_one_is_refused() -> None:
    with pytest.raises(
        UserError, match=r"sigs.k8s.io/yaml v1.6.0 has the hash h1:.+ and should have h1:other;"
    ):
        GoModule("sigs.k8s.io/yaml", "1.6.0", "h1:other").folder()


def test_status_of_a_stopped_cluster_is_refused(tmp_path: Path) -> None:
    answer = subprocess.run(
        [*CLUSTER, "status", "--state", tmp_path], env=ENVIRONMENT, capture_output=True, text=True
    )

    assert answer.returncode == 1
    assert answer.stderr == f"No control plane runs in {tmp_path}; start one with `make cluster-up`.\n"


def output(program: Path, *arguments: str) -> str:
    result = subprocess.run([program, *arguments], env=ENVIRONMENT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout
