"""What installs the operator: the definition of the TodoApp, the operator's rights, kustomize and Helm."""

import os
import subprocess
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
import yaml

from todoapp_operator.commands.crd import crd
from todoapp_operator.kube.kinds import KINDS
from todoapp_operator.kube.manifest import to_yaml
from todoapp_operator.release import released_image
from todoapp_operator.render.addresses import anywhere_but_metadata
from todoapp_operator.render.environment import INNER_PORT
from todoapp_operator.render.pods import restricted, unprivileged

INSTALLATION = Path("operator/manifests")
CHART = Path("operator/chart")
EVERY_VERB = ["get", "list", "watch", "create", "patch", "delete"]
OPERATORS_ROLES = ("todoapp-operator", "todoapp-operator-secrets")
OWN_GROUP = "todoapp.dev"

# The first test on a machine builds the tools.
pytestmark = pytest.mark.timeout(func_only=True)


def documents(text: str) -> list[dict[str, Any]]:
    return [document for document in yaml.safe_load_all(text) if document]


def installed(kind: str, name: str) -> dict[str, Any]:
    texts = [file.read_text() for file in INSTALLATION.glob("*.yaml")]
    [found] = [
        each
        for text in texts
        for each in documents(text)
        if each["kind"] == kind and each["metadata"]["name"] == name
    ]
    return found


def test_committed_definition_is_what_todoappctl_crd_prints() -> None:
    assert (INSTALLATION / "crd.yaml").read_text() == to_yaml(crd()), "`make generated` writes it"


def test_the_operator_may_do_what_rendering_needs_and_no_more() -> None:
    rules = [rule for role in OPERATORS_ROLES for rule in installed("ClusterRole", role)["rules"]]
    granted = {
        (group, resource): sorted(rule["verbs"])
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }

    children = {(kind.group, kind.plural) for kind in KINDS} | {("", "secrets")}
    assert {place for place, verbs in granted.items() if verbs == sorted(EVERY_VERB)} == children
    assert {place: verbs for place, verbs in granted.items() if place not in children} == {
        (OWN_GROUP, "todoapps"): ["list", "patch", "watch"],
        (OWN_GROUP, "todoapps/status"): ["patch"],
        (OWN_GROUP, "todoapps/finalizers"): ["update"],
        ("kafka.strimzi.io", "kafkas"): ["get", "list", "watch"],
        ("", "namespaces"): ["get", "list", "watch"],
        ("apiextensions.k8s.io", "customresourcedefinitions"): ["list", "watch"],
        ("", "events"): ["create"],
    }


def test_the_operators_pods_pass_the_restricted_pod_security_standard() -> None:
    pod = installed("Deployment", "todoapp-operator")["spec"]["template"]["spec"]

    assert pod["securityContext"] == restricted()
    assert [container["securityContext"] for container in pod["containers"]] == [unprivileged()]


def test_every_part_of_a_release_has_its_number() -> None:
    number = version("todoapp")
    [operator] = installed("Deployment", "todoapp-operator")["spec"]["template"]["spec"]["containers"]
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())

    assert (chart["version"], chart["appVersion"]) == (number, number)
    assert operator["image"] == f"ghcr.io/example/todoapp-operator:{number}"
    assert released_image() == f"ghcr.io/example/todoapp:{number}"


def test_helm_installs_what_kustomize_does(helm: Path, kustomize: Path) -> None:
    by_kustomize = without_namespace(documents(output(kustomize, "build", str(INSTALLATION))))
    by_helm = documents(output(helm, "template", "todoapp", str(CHART), "--namespace", "todoapp-system"))

    assert sorted(by_helm, key=place) == sorted(by_kustomize, key=place)


def without_namespace(manifests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Helm makes the release's namespace by itself."""
    return [manifest for manifest in manifests if manifest["kind"] != "Namespace"]


def place(manifest: dict[str, Any]) -> tuple[str, str]:
    return manifest["kind"], manifest["metadata"]["name"]


def test_chart_values_change_the_manifests(helm: Path) -> None:
    values = ["--set", "replicas=3", "--set", "image.repository=example/own", "--set", "image.tag=9"]
    manifests = documents(
        output(helm, "template", "todoapp", str(CHART), "--namespace", "elsewhere", *values)
    )

    places = {
        kind: list(group)
        for kind, group in groupby(sorted(manifests, key=place), key=lambda one: one["kind"])
    }
    [deployment] = places["Deployment"]
    assert deployment["metadata"]["namespace"] == "elsewhere"
    assert deployment["spec"]["replicas"] == 3
    assert deployment["spec"]["template"]["spec"]["containers"][0]["image"] == "example/own:9"
    bindings = [*places["ClusterRoleBinding"], *places["RoleBinding"]]
    assert {subject["namespace"] for each in bindings for subject in each["subjects"]} == {"elsewhere"}


def test_named_namespaces_take_the_place_of_all_others(helm: Path) -> None:
    manifests = by_helm_in_namespaces(helm, "watchNamespaces={todo,kafka}")

    assert "ClusterRoleBinding" not in {each["kind"] for each in manifests}
    assert bound(manifests) == {
        ("todoapp-system", "Role", "todoapp-operator-leader"),
        *((namespace, "ClusterRole", role) for namespace in ("todo", "kafka") for role in OPERATORS_ROLES),
    }
    assert watched(manifests) == {"WATCH_NAMESPACES": "todo,kafka", "WATCH_SECRETS": ""}


def test_named_secrets_take_the_place_of_all_others(helm: Path) -> None:
    names = ["todo/todo-jwt", "todo/database", "kafka/todo.todo.api"]
    manifests = by_helm_in_namespaces(
        helm, "watchNamespaces={todo,kafka,other}", f"watchSecrets={{{','.join(names)}}}"
    )

    roles = {
        each["metadata"]["namespace"]: each["rules"]
        for each in manifests
        if each["kind"] == "Role" and each["metadata"]["name"] == "todoapp-operator-secrets"
    }
    named = {namespace: rules[0]["resourceNames"] for namespace, rules in roles.items()}
    assert named == {"todo": ["todo-jwt", "database"], "kafka": ["todo.todo.api"]}
    for named_rule, other in roles.values():
        assert sorted(named_rule["verbs"] + other["verbs"]) == sorted(EVERY_VERB)
        assert other["verbs"] == ["create"]
    assert ("ClusterRole", "todoapp-operator-secrets") not in {place(each) for each in manifests}
    assert {(namespace, "Role", "todoapp-operator-secrets") for namespace in ("todo", "kafka")} <= bound(
        manifests
    )
    assert watched(manifests)["WATCH_SECRETS"] == ",".join(names)


def test_kustomize_component_binds_as_the_chart_does(helm: Path, kustomize: Path, tmp_path: Path) -> None:
    folder = {name: os.path.relpath(Path("operator", name), tmp_path) for name in ("manifests", "namespaced")}
    kustomization = {"resources": [folder["manifests"]], "components": [folder["namespaced"]]}
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    by_kustomize = without_namespace(documents(output(kustomize, "build", str(tmp_path))))
    by_helm = by_helm_in_namespaces(helm, "watchNamespaces={todo,kafka}")

    for manifest in (*by_kustomize, *by_helm):
        if manifest["kind"] == "Deployment":  # a patch puts its variables before the others
            manifest["spec"]["template"]["spec"]["containers"][0]["env"].sort(key=lambda each: each["name"])
    assert sorted(by_kustomize, key=place_in_namespace) == sorted(by_helm, key=place_in_namespace)


def by_helm_in_namespaces(helm: Path, *values: str) -> list[dict[str, Any]]:
    chosen = [argument for value in values for argument in ("--set", value)]
    return documents(
        output(helm, "template", "todoapp", str(CHART), "--namespace", "todoapp-system", *chosen)
    )


def bound(manifests: list[dict[str, Any]]) -> set[tuple[str, str, str]]:
    """Where the operator has which role."""
    return {
        (each["metadata"]["namespace"], each["roleRef"]["kind"], each["roleRef"]["name"])
        for each in manifests
        if each["kind"] == "RoleBinding"
    }


def watched(manifests: list[dict[str, Any]]) -> dict[str, str]:
    [deployment] = (each for each in manifests if each["kind"] == "Deployment")
    [operator] = deployment["spec"]["template"]["spec"]["containers"]
    return {each["name"]: each["value"] for each in operator["env"] if each["name"].startswith("WATCH_")}


def place_in_namespace(manifest: dict[str, Any]) -> tuple[str, ...]:
    return (*place(manifest), manifest["metadata"].get("namespace", ""))


def output(program: Path, *arguments: str) -> str:
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=True).stdout


def test_operator_reaches_no_metadata_but_every_inner_port() -> None:
    policy = installed("NetworkPolicy", "todoapp-operator")["spec"]
    api, names, inner = policy["egress"]
    [container] = installed("Deployment", "todoapp-operator")["spec"]["template"]["spec"]["containers"]

    assert api["to"] == anywhere_but_metadata()
    assert names["to"] == [*anywhere_but_metadata(), {"ipBlock": {"cidr": "169.254.20.10/32"}}]
    assert [port["port"] for port in inner["ports"]] == [INNER_PORT]
    assert [port["port"] for port in policy["ingress"][0]["ports"]] == [
        port["containerPort"] for port in container["ports"]
    ]
