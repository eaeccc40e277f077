"""What the platform brings answers only those who have to ask it, by Git as by Pulumi."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from testbed.kubernetes.overlays import built
from testbed.kubernetes.reach import OUTSIDE, Pod, is_closed, may_reach
from testbed.pulumi.program import STACKS, PulumiProgram, Run
from todoapp_operator.kube.manifest import Manifest

STRANGER = Pod("somebody", {"app.kubernetes.io/name": "anything"})
TODOAPP = Pod("todo", {"app.kubernetes.io/name": "todoapp", "dapr.io/sidecar-injected": "true"})
PROMETHEUS = Pod("monitoring", {"app.kubernetes.io/name": "prometheus"})
GRAFANA = Pod("monitoring", {"app.kubernetes.io/name": "grafana"})
ALLOY = Pod("monitoring", {"app.kubernetes.io/name": "alloy"})
LOKI = Pod("monitoring", {"app.kubernetes.io/name": "loki"})
ALERTMANAGER = Pod("monitoring", {"app.kubernetes.io/name": "alertmanager"})
KEDA = Pod("keda", {"app.kubernetes.io/name": "keda-operator"})
DATABASE = Pod("todo", {"cnpg.io/cluster": "todo-database"})

# The first test on a machine builds kustomize.
pytestmark = pytest.mark.timeout(func_only=True)


def of_git(kustomize: Path, *folders: str) -> list[Manifest]:
    return [
        each
        for folder in folders
        for each in built(kustomize, Path(folder))
        if each["kind"] == "NetworkPolicy"
    ]


def of_pulumi(run: Run) -> list[Manifest]:
    return [dict(each.inputs) for each in run.of("NetworkPolicy")]


@pytest.fixture
def policies(kustomize: Path) -> list[Manifest]:
    """Everything that production gets from Git."""
    return of_git(
        kustomize, "gitops/namespaces/production", "gitops/databases/production", "strimzi/production"
    )


def may(policies: list[Manifest], server: Pod, port: int) -> set[str]:
    """Who of those that we know may ask a pod, by name of its namespace and of what it is."""
    callers = (STRANGER, TODOAPP, PROMETHEUS, GRAFANA, ALLOY, LOKI, ALERTMANAGER, KEDA)
    return {
        caller.labels["app.kubernetes.io/name"]
        for caller in callers
        if may_reach(policies, caller, server, port)
    } | ({"outside"} if may_reach(policies, OUTSIDE, server, port) else set())


def test_loki_answers_those_who_write_and_show_logs(policies: list[Manifest]) -> None:
    assert may(policies, LOKI, 3100) == {"alloy", "grafana", "loki", "prometheus"}


def test_prometheus_answers_grafana_and_itself(policies: list[Manifest]) -> None:
    assert may(policies, PROMETHEUS, 9090) == {"grafana", "prometheus"}


def test_no_pod_may_log_in_to_grafana_or_silence_alerts(policies: list[Manifest]) -> None:
    assert may(policies, GRAFANA, 3000) == {"prometheus"}
    assert may(policies, ALERTMANAGER, 9093) == {"grafana", "prometheus"}


def test_dapr_answers_pods_that_have_a_sidecar(policies: list[Manifest]) -> None:
    assert may(policies, Pod("dapr-system", {"app": "dapr-scheduler-server"}), 50006) == {"todoapp"}


def test_the_database_answers_todoapps_and_its_operator(policies: list[Manifest]) -> None:
    assert may(policies, DATABASE, 5432) == {"todoapp"}
    assert may_reach(policies, Pod("cnpg-system"), DATABASE, 8000)
    assert may_reach(policies, Pod("todo", {"cnpg.io/cluster": "todo-database"}), DATABASE, 5432)
    assert not may_reach(policies, STRANGER, DATABASE, 8000)


@pytest.mark.parametrize(
    ("namespace", "port"),
    [
        ("cert-manager", 10250),
        ("cnpg-system", 9443),
        ("dapr-system", 4000),
        ("gateways", 9443),
        ("keda", 6443),
        ("keda", 9443),
        ("monitoring", 10250),
    ],
)
def test_the_api_server_may_ask_every_webhook(namespace: str, port: int, policies: list[Manifest]) -> None:
    assert may_reach(policies, OUTSIDE, Pod(namespace), port)


@pytest.mark.parametrize(
    ("namespace", "port"),
    [
        ("cert-manager", 9402),
        ("cnpg-system", 8080),
        ("dapr-system", 9090),
        ("gateways", 19001),
        ("kafka", 9404),
        ("keda", 8080),
        ("strimzi", 8080),
    ],
)
def test_only_prometheus_reads_the_metrics_of_operators(
    namespace: str, port: int, policies: list[Manifest]
) -> None:
    of_the_namespace = {"dapr-system": {"todoapp"}, "keda": {"keda-operator"}}.get(namespace, set())

    assert may(policies, Pod(namespace), port) == {"prometheus"} | of_the_namespace


def test_people_reach_the_gateway(policies: list[Manifest]) -> None:
    assert may_reach(policies, OUTSIDE, Pod("gateways"), 10443)
    assert not may_reach(policies, OUTSIDE, Pod("gateways"), 18000)


@pytest.mark.parametrize("environment", ["minikube", "production"])
def test_every_namespace_of_git_is_closed_but_for_some(environment: str, kustomize: Path) -> None:
    folder = f"gitops/namespaces/{environment}"
    made = [
        each["metadata"]["name"] for each in built(kustomize, Path(folder)) if each["kind"] == "Namespace"
    ]

    assert made
    assert [each for each in made if not is_closed(of_git(kustomize, folder), each)] == []


@pytest.mark.parametrize("stack", STACKS)
def test_every_namespace_of_pulumi_is_closed_but_for_some(
    stack: str, stacks: Mapping[str, PulumiProgram]
) -> None:
    """The TodoApp's and the operator's have policies of their own; Argo CD's come with its chart."""
    run = stacks[stack].run()
    made = {each.inputs["metadata"]["name"] for each in run.of("Namespace")}

    open_to_all = {each for each in made if not is_closed(of_pulumi(run), each)}

    assert open_to_all == {"argocd", "todo", "todoapp-system"}
    [argo_cd] = [each for each in run.of("Release") if each.inputs["name"] == "argocd"]
    assert argo_cd.inputs["values"]["global"]["networkPolicy"] == {"create": True, "defaultDenyIngress": True}


def test_git_and_pulumi_close_a_namespace_alike(
    policies: list[Manifest], stacks: Mapping[str, PulumiProgram]
) -> None:
    def written(manifests: list[Manifest]) -> dict[tuple[str, str], Manifest]:
        return {(each["metadata"]["namespace"], each["metadata"]["name"]): each["spec"] for each in manifests}

    by_pulumi, by_git = written(of_pulumi(stacks["aks"].run())), written(policies)

    # Pulumi runs Strimzi beside Kafka, Envoy in a namespace of its own, and applies the operator's manifests.
    only_git, only_pulumi = by_git.keys() - by_pulumi.keys(), by_pulumi.keys() - by_git.keys()
    assert {namespace for namespace, _ in only_git} == {"strimzi", "todo"}
    assert {namespace for namespace, _ in only_pulumi} == {"envoy-gateway-system", "todoapp-system"}
    assert {name for name in by_git.keys() & by_pulumi.keys() if by_git[name] != by_pulumi[name]} == set()
    assert by_pulumi["envoy-gateway-system", "asked-by-few"] == by_git["gateways", "asked-by-few"]


@pytest.mark.parametrize("size", ["development", "production"])
def test_each_door_of_kafka_says_who_may_come(size: str, kustomize: Path) -> None:
    """Strimzi writes the policies of its brokers from these lists; without one a door is open to all."""
    [kafka] = [each for each in built(kustomize, Path("strimzi", size)) if each["kind"] == "Kafka"]
    rules = {
        door["name"]: {"metadata": {"namespace": "kafka"}, "spec": policy(door)}
        for door in kafka["spec"]["kafka"]["listeners"]
    }
    reader = Pod("clients", {"todoapp.dev/kafka-client": "true"})

    assert {
        (name, client.namespace)
        for name, rule in rules.items()
        for client in (STRANGER, TODOAPP, KEDA, reader)
        if may_reach([rule], client, Pod("kafka"), 1)
    } == {("scram", "todo"), ("scram", "keda"), ("mtls", "clients")}


def policy(door: Mapping[str, list[Manifest]]) -> Manifest:
    return {
        "podSelector": {},
        "policyTypes": ["Ingress"],
        "ingress": [{"from": door["networkPolicyPeers"]}],
    }
