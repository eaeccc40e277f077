"""`todoappctl status` on a real API server, where the test is the operator."""

import base64
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import trustme

from testbed.control_plane.cluster import Cluster
from testbed.kubernetes.objects import NAMESPACE, POD, TODOAPP, Objects, kind_named
from testbed.kubernetes.service_accounts import kubeconfig_of, user_of, wait_until_allowed
from testbed.waiting import wait_until
from todoapp_operator.commands.status.cluster import Cluster as ClusterOfUser
from todoapp_operator.commands.status.reader import read
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
def status(cluster: Cluster, tmp_path: Path) -> Status:
    """Runs `todoappctl status …`; without `kubeconfig` as the administrator, by a client certificate."""

    def run(*arguments: str, kubeconfig: Path | None = None) -> subprocess.CompletedProcess[str]:
        chosen = kubeconfig or cluster.connection.kubeconfig
        environment = {"PATH": "/usr/bin:/bin", "KUBECONFIG": str(chosen), "TMPDIR": str(tmp_path)}
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
    somebody = kubeconfig_of(cluster.connection, objects, namespace, "default", tmp_path / "kubeconfig")
    refused = status("todo", kubeconfig=somebody)
    objects.create(ROLE, {"metadata": {"name": "reader"}, "rules": rules}, namespace)
    objects.create(
        ROLE_BINDING, {"metadata": {"name": "reader"}, "roleRef": role, "subjects": [account]}, namespace
    )
    wait_until_allowed(objects, user_of(namespace, "default"), "get", TODOAPP, namespace)
    allowed = status("todo", kubeconfig=somebody)

    assert (refused.returncode, refused.stdout) == (1, "")
    assert 'The API server answers 403: todoapps.todoapp.dev "todo" is forbidden' in refused.stderr
    assert allowed.returncode == 0
    assert "Ready=False SecretMissing" in allowed.stdout
    assert "deployments.apps is forbidden" in allowed.stdout


def test_todoapp_that_is_missing_is_named(definition: str, namespace: str, status: Status) -> None:
    answer = status("toodoo", "-n", namespace)

    assert answer.returncode == 1
    assert answer.stderr.splitlines() == [
        'The API server answers 404: todoapps.todoapp.dev "toodoo" not found.',
        f"No TodoApp of this name is in the namespace {namespace}; "
        "`kubectl get todoapps --all-namespaces` lists those that there are.",
    ]


def test_exec_plugin_logs_in_as_on_a_cloud(
    todoapp: TodoApp, namespace: str, status: Status, cluster: Cluster, objects: Objects, tmp_path: Path
) -> None:
    """The kubeconfig has the form that AKS, GKE and OKE write, in two files."""
    allow(objects, namespace, "get", "list")
    own = kubeconfig_of(cluster.connection, objects, namespace, "default", tmp_path / "own")
    plugin = tmp_path / "auth-plugin"
    plugin.write_text(
        PLUGIN.format(python=sys.executable, server=cluster.connection.url, token=token_of(own))
    )
    plugin.chmod(0o755)
    context = {"cluster": "cloud", "user": "person", "namespace": namespace}
    place = {"server": cluster.connection.url, "certificate-authority": str(cluster.connection.authority)}
    login = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": str(plugin),
        "args": ["get-token"],
        "env": [{"name": "REGION", "value": "eu-west"}],
        "installHint": "Install it.",
        "provideClusterInfo": True,
    }
    clusters = {
        "clusters": [{"name": "cloud", "cluster": place}],
        "contexts": [{"name": "work", "context": context}],
    }
    users = {"users": [{"name": "person", "user": {"exec": login}}]}
    for name, part in {"clusters": clusters, "users": users}.items():
        (tmp_path / name).write_text(json.dumps(part))

    files = Path(f"{tmp_path / 'clusters'}:{tmp_path / 'users'}")
    answer = status("todo", "--context", "work", kubeconfig=files)

    assert answer.stdout.startswith(f"TodoApp {namespace}/todo  Degraded"), answer.stderr


PLUGIN = """#!{python}
import json, os, sys
assert (sys.argv[1:], os.environ["REGION"]) == (["get-token"], "eu-west")
wanted = json.loads(os.environ["KUBERNETES_EXEC_INFO"])
assert wanted["spec"]["cluster"]["server"] == "{server}"
print(json.dumps(wanted | {{"status": {{"token": "{token}"}}}}))
"""


def token_of(kubeconfig: Path) -> str:
    return str(json.loads(kubeconfig.read_text())["users"][0]["user"]["token"])


def allow(objects: Objects, namespace: str, *verbs: str) -> None:
    """Let the default service account do something with every object of its namespace."""
    rules = [{"apiGroups": ["*"], "resources": ["*"], "verbs": verbs}]
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "person"}
    account = {"kind": "ServiceAccount", "name": "default", "namespace": namespace}
    objects.create(ROLE, {"metadata": {"name": "person"}, "rules": rules}, namespace)
    binding = {"metadata": {"name": "person"}, "roleRef": role, "subjects": [account]}
    objects.create(ROLE_BINDING, binding, namespace)
    wait_until_allowed(objects, user_of(namespace, "default"), "get", TODOAPP, namespace)


def test_pod_logs_in_as_its_service_account(
    todoapp: TodoApp,
    namespace: str,
    cluster: Cluster,
    objects: Objects,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With the files that the kubelet would put into the pod, from the API server."""
    allow(objects, namespace, "get", "list")
    own = kubeconfig_of(cluster.connection, objects, namespace, "default", tmp_path / "own")
    for name, content in {
        "token": token_of(own),
        "ca.crt": cluster.connection.authority.read_text(),
        "namespace": namespace,
    }.items():
        (tmp_path / name).write_text(content)
    server = urlsplit(cluster.connection.url)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", str(server.hostname))
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(server.port))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "absent"))

    with ClusterOfUser.of_context(None, None, service_account=tmp_path) as of_pod:
        shown = read(of_pod, "todo", None)

    assert (shown.namespace, shown.phase) == (namespace, "Degraded")
    assert "todo-api" in {child.name for child in shown.children if child.kind == "Deployment"}
    assert all(told.endswith('in the namespace "kafka"') for told in shown.unknown)


def test_unknown_token_is_reported_with_the_log_in_command(
    definition: str, namespace: str, status: Status, cluster: Cluster, objects: Objects, tmp_path: Path
) -> None:
    person = kubeconfig_of(cluster.connection, objects, namespace, "default", tmp_path / "config")
    person.write_text(person.read_text().replace(token_of(person), "expired"))

    answer = status("todo", kubeconfig=person)

    assert answer.stderr.splitlines() == [
        "The API server answers 401: Unauthorized.",
        "The API server does not know who you are; log in again, or choose another --context.",
    ]


def test_client_certificate_leaves_no_key_behind(
    definition: str, namespace: str, status: Status, tmp_path: Path
) -> None:
    status("toodoo", "-n", namespace)

    assert [path for path in tmp_path.iterdir() if path.name.startswith(("todoappctl-", "tmp"))] == []


def test_cluster_of_another_authority_is_not_trusted(
    status: Status, cluster: Cluster, tmp_path: Path
) -> None:
    config = json.loads(cluster.connection.kubeconfig.read_text())
    other = base64.b64encode(trustme.CA().cert_pem.bytes()).decode()
    config["clusters"][0]["cluster"]["certificate-authority-data"] = other
    (tmp_path / "config").write_text(json.dumps(config))

    answer = status("todo", "--kubeconfig", str(tmp_path / "config"))

    assert answer.returncode == 1
    assert answer.stderr.startswith(
        f"{cluster.connection.url} is not trusted: [SSL: CERTIFICATE_VERIFY_FAILED]"
    )
