"""`todoappctl status` on a real API server, where the test is the operator."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from testbed.control_plane.cluster import Cluster
from testbed.kubernetes.objects import NAMESPACE, POD, TODOAPP, Objects, kind_named
from testbed.kubernetes.service_accounts import kubeconfig_of, user_of, wait_until_allowed
from testbed.waiting import wait_until
from todoapp_operator.kube.kinds import kind_of
from todoapp_operator.render.platform import Platform
from todoapp_operator.render.todoapp import render
from todoapp_operator.resource.spec import API_VERSION, TodoApp

TODOAPPCTL = Path(".venv/bin/todoappctl").absolute()
ROLE, ROLE_BINDING = kind_named("Role"), kind_named("RoleBinding")
NOT_FINISHED = "its operator has not finished yet"
REFUSED = {
    "type": "Ready",
    "status": "False",
    "reason": "SecretMissing",
    "message": "Secret todo-db is not there.",
    "observedGeneration": 1,
    "lastTransitionTime": "2027-03-01T09:00:00Z",
}

Status = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def status(cluster: Cluster, kubectl: Path) -> Status:
    """Runs `todoappctl status …`; `kubeconfig` is the administrator's if none is named."""

    def run(*arguments: str, kubeconfig: Path | None = None) -> subprocess.CompletedProcess[str]:
        chosen = kubeconfig or cluster.connection.kubeconfig
        environment = {"PATH": f"{kubectl.parent}:{os.environ['PATH']}", "KUBECONFIG": str(chosen)}
        return subprocess.run(
            [TODOAPPCTL, "status", *arguments],
            env=environment | {"HOME": str(chosen.parent)},
            capture_output=True,
            text=True,
        )

    return run


@pytest.fixture
def todoapp(definition: str, objects: Objects, namespace: str) -> TodoApp:
    """A TodoApp that refuses to be ready, with all of its children; topics lie in the namespace `kafka`."""
    if not objects.get(NAMESPACE, "kafka"):
        objects.create(NAMESPACE, {"metadata": {"name": "kafka"}})
    spec = {"image": "example/todoapp:2"}
    manifest = {"apiVersion": API_VERSION, "kind": "TodoApp", "metadata": {"name": "todo"}, "spec": spec}
    app = TodoApp.model_validate(objects.apply(TODOAPP, manifest, namespace))
    found = {"observedGeneration": 1, "phase": "Degraded", "version": "2", "conditions": [REFUSED]}
    objects.edit(TODOAPP, "todo", namespace, {"status": found}, subresource="status")
    for child in render(app, Platform(image="example/todoapp:2")).manifests:
        objects.apply(kind_of(child), child, child["metadata"]["namespace"])
    return app


def test_status_shows_a_todoapp_with_its_children(
    todoapp: TodoApp, namespace: str, status: Status, objects: Objects
) -> None:
    api = wait_for_pod(objects, namespace)

    lines = status("todo", "--namespace", namespace).stdout.splitlines()

    assert lines[0] == f"TodoApp {namespace}/todo  Degraded  2"
    assert "│   └── ✘ Ready=False SecretMissing  Secret todo-db is not there." in lines
    deployment = lines.index("    ├── ✔ Deployment todo-api  1 of 1 pods are available")
    assert lines[deployment + 1] == f"    │   └── ✔ Pod {api}"
    users = [line for line in lines if f"KafkaUser kafka/{namespace}.todo" in line]
    assert all(line.endswith(NOT_FINISHED) for line in users)
    assert users


def wait_for_pod(objects: Objects, namespace: str) -> str:
    """The name of the api's pod, once it is ready."""
    deployment = kind_named("Deployment")

    def available() -> bool:
        found = objects.get(deployment, "todo-api", namespace) or {}
        return bool(found.get("status", {}).get("availableReplicas"))

    wait_until(available, what="the api is available")
    [pod] = objects.list(POD, namespace, **{"todoapp.dev/component": "api"})
    return str(pod["metadata"]["name"])


def test_status_as_json_has_everything(todoapp: TodoApp, namespace: str, status: Status) -> None:
    shown = json.loads(status("todo", "-n", namespace, "-o", "json").stdout)

    assert (shown["phase"], shown["up_to_date"], shown["unknown"]) == ("Degraded", True, [])
    assert shown["conditions"] == [REFUSED]
    rendered = render(todoapp, Platform(image="example/todoapp:2")).manifests
    assert names(shown["children"]) == {(one["kind"], one["metadata"]["name"]) for one in rendered}


def names(children: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(child["kind"], child["name"]) for child in children}


def test_status_works_as_a_kubectl_plugin(
    todoapp: TodoApp, namespace: str, cluster: Cluster, kubectl: Path
) -> None:
    environment = {
        "PATH": f"{TODOAPPCTL.parent}:{kubectl.parent}",
        "KUBECONFIG": str(cluster.connection.kubeconfig),
        "HOME": str(cluster.connection.kubeconfig.parent),
    }

    command = ["kubectl", "todoapp", "status", "todo", "-n", namespace]
    answer = subprocess.run(command, env=environment, capture_output=True, text=True)

    assert answer.stdout.startswith(f"TodoApp {namespace}/todo  Degraded")


def test_status_suggests_an_operator_when_none_reports(
    definition: str, objects: Objects, namespace: str, status: Status
) -> None:
    objects.create(TODOAPP, {"metadata": {"name": "todo"}}, namespace)

    assert "none yet; is the operator running?" in status("todo", "-n", namespace).stdout


def test_status_reports_what_the_user_may_not_read(
    todoapp: TodoApp, namespace: str, status: Status, cluster: Cluster, objects: Objects, tmp_path: Path
) -> None:
    rules = [{"apiGroups": ["todoapp.dev"], "resources": ["todoapps"], "verbs": ["get"]}]
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"}
    account = {"kind": "ServiceAccount", "name": "default", "namespace": namespace}
    somebody = kubeconfig_of(
        cluster.connection, objects.client, namespace, "default", tmp_path / "kubeconfig"
    )
    refused = status("todo", kubeconfig=somebody)
    objects.create(ROLE, {"metadata": {"name": "reader"}, "rules": rules}, namespace)
    objects.create(
        ROLE_BINDING, {"metadata": {"name": "reader"}, "roleRef": role, "subjects": [account]}, namespace
    )
    wait_until_allowed(objects.client, user_of(namespace, "default"), "get", TODOAPP, namespace)
    allowed = status("todo", kubeconfig=somebody)

    assert (refused.returncode, refused.stdout) == (1, "")
    assert 'todoapps.todoapp.dev "todo" is forbidden' in refused.stderr
    assert allowed.returncode == 0
    assert "Ready=False SecretMissing" in allowed.stdout
    assert "deployments.apps is forbidden" in allowed.stdout


def test_a_todoapp_that_is_not_there_is_named(definition: str, namespace: str, status: Status) -> None:
    answer = status("toodoo", "-n", namespace)

    assert answer.returncode == 1
    assert answer.stderr.splitlines() == [
        'Error from server (NotFound): todoapps.todoapp.dev "toodoo" not found',
        "`kubectl get todoapps --all-namespaces` lists those that there are.",
    ]


def test_an_api_server_that_does_not_answer_is_named(status: Status, tmp_path: Path) -> None:
    config = tmp_path / "kubeconfig"
    context = {"cluster": "gone", "user": "gone"}
    config.write_text(
        json.dumps(
            {
                "current-context": "gone",
                "clusters": [{"name": "gone", "cluster": {"server": "https://127.0.0.1:1"}}],
                "contexts": [{"name": "gone", "context": context}],
                "users": [{"name": "gone", "user": {"token": "any"}}],
            }
        )
    )

    answer = status("todo", "--kubeconfig", str(config))

    assert answer.returncode == 1
    assert answer.stderr == (
        "The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?\n"
    )


def test_a_missing_kubectl_is_reported(tmp_path: Path) -> None:
    answer = subprocess.run(
        [TODOAPPCTL, "status", "todo"], env={"PATH": str(tmp_path)}, capture_output=True, text=True
    )

    assert answer.returncode == 1
    assert answer.stderr.startswith("kubectl is not on the PATH; install it")
