"""A changed value of a stack changes what it should, and nothing else."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from testbed.pulumi.program import OTHER_CHOICES, PulumiProgram, Run, Secret, revealed


@pytest.fixture
def minikube(stacks: Mapping[str, PulumiProgram]) -> PulumiProgram:
    return stacks["minikube"]


def changed(before: Run, after: Run) -> set[str]:
    """Kind and name of what is new, gone or has other inputs."""
    one, other = ({each.urn: each for each in run.resources} for run in (before, after))
    different = [
        urn
        for urn in one.keys() | other.keys()
        if urn not in one or urn not in other or one[urn].inputs != other[urn].inputs
    ]
    return {f"{each.kind} {each.name}" for urn in different for each in (one.get(urn) or other[urn],)}


def test_the_same_configuration_changes_nothing(minikube: PulumiProgram) -> None:
    again = PulumiProgram("minikube")

    assert changed(minikube.run(), again.run()) == set()

    again.stop()


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"apiReplicas": 2}, {"TodoApp todoapp-app"}),
        ({"image": "ghcr.io/example/todoapp:0.2.0"}, {"TodoApp todoapp-app"}),
        ({"databaseInstances": 3}, {"TodoApp todoapp-app"}),
        ({"databaseStorage": "8Gi"}, {"TodoApp todoapp-app"}),
        (
            {"operatorImage": "ghcr.io/example/todoapp-operator:0.2.0"},
            {"Deployment todoapp-operator-deployment-todoapp-operator"},
        ),
        ({"kafkaStorage": "20Gi"}, {"KafkaNodePool todoapp-kafka-kafkanodepool-dual"}),
        (
            {"kafkaBrokers": 3},
            {
                "Kafka todoapp-kafka-kafka-kafka",
                "KafkaNodePool todoapp-kafka-kafkanodepool-broker",
                "KafkaNodePool todoapp-kafka-kafkanodepool-controller",
                "KafkaNodePool todoapp-kafka-kafkanodepool-dual",
                "PodMonitor todoapp-kafka-podmonitor-kafka",
                "Release todoapp-kafka",
            },
        ),
        (
            {"host": "todo.example.com"},
            {"Gateway todoapp-entrance", "HTTPRoute todoapp-entrance-redirect", "TodoApp todoapp-app"},
        ),
        (
            {"certificateEmail": "ada@example.com"},
            {
                "Certificate todoapp-entrance-certificates-certificate-todoapp-authority",
                "ClusterIssuer todoapp-entrance-certificates-clusterissuer-todoapp",
                "ClusterIssuer todoapp-entrance-certificates-clusterissuer-todoapp-self-signed",
            },
        ),
        ({"monitoringDays": 30}, {"Release todoapp-monitoring", "Release todoapp-monitoring-loki"}),
        (
            {"argoCd": False},
            {"ArgoCd todoapp-argo-cd", "Namespace todoapp-argo-cd", "Release todoapp-argo-cd"},
        ),
        (
            {"gitRepository": "https://example.com/todo.git"},
            {"AppProject todoapp-argo-cd-project", "Application todoapp-argo-cd-todo"},
        ),
        ({"protect": True}, set()),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_one_value_changes_its_own_resources(
    config: Mapping[str, Any], expected: set[str], minikube: PulumiProgram
) -> None:
    assert changed(minikube.run(), minikube.run(**config)) == expected


def test_with_a_repository_git_is_in_charge_of_the_todoapp(minikube: PulumiProgram) -> None:
    run = minikube.run(gitRepository="https://example.com/todo.git", gitRevision="release")

    assert minikube.run().one("TodoApp").ignore_changes == ()
    assert run.one("TodoApp").ignore_changes == ("spec", "metadata")
    assert run.one("Application").inputs["spec"]["source"] == {
        "repoURL": "https://example.com/todo.git",
        "targetRevision": "release",
        "path": "gitops/apps/minikube",
    }


def test_a_repository_may_hold_todoapps_and_nothing_else(minikube: PulumiProgram) -> None:
    run = minikube.run(gitRepository="https://example.com/todo.git")
    project, application = run.one("AppProject").inputs, run.one("Application").inputs

    assert application["spec"]["project"] == project["metadata"]["name"]
    assert project["spec"]["sourceRepos"] == ["https://example.com/todo.git"]
    assert project["spec"]["destinations"] == [application["spec"]["destination"]]
    assert project["spec"]["namespaceResourceWhitelist"] == [{"group": "todoapp.dev", "kind": "TodoApp"}]
    assert "clusterResourceWhitelist" not in project["spec"]


def test_without_monitoring_no_monitoring_is_requested(minikube: PulumiProgram) -> None:
    run = minikube.run(monitoring=False)

    assert not [each for each in run.resources if "monitoring" in each.name]
    assert set(run.one("TodoApp").inputs["spec"]["observability"].values()) == {False}


def test_redpanda_replaces_strimzi(minikube: PulumiProgram) -> None:
    run = minikube.run(**OTHER_CHOICES["redpanda"])

    assert not run.of("Kafka") + run.of("KafkaNodePool")
    assert run.one("TodoApp").inputs["spec"]["broker"] == {
        "redpanda": {
            "brokers": ["seed-1a2b.example.com:9092"],
            "credentialsSecretRef": {"name": "redpanda"},
        }
    }
    assert {each.split(" ")[0] for each in changed(minikube.run(), run)} == {
        "Acl",
        "Kafka",
        "KafkaNodePool",
        "Namespace",
        "NetworkPolicy",
        "RandomPassword",
        "Release",
        "Secret",
        "TodoApp",
        "Topic",
        "User",
    }


def test_redpandas_password_is_generated_and_stays_secret(minikube: PulumiProgram) -> None:
    run = minikube.run(**OTHER_CHOICES["redpanda"])
    [credentials] = [each for each in run.of("Secret") if each.inputs["metadata"]["name"] == "redpanda"]

    assert run.one("User").inputs["password"] == Secret("a generated password")
    assert credentials.inputs["metadata"]["namespace"] == "todo"
    assert credentials.inputs["stringData"] == {
        "username": "todo",
        "password": Secret("a generated password"),
    }
    assert run.destroyed_before(run.one("TodoApp"), credentials)


def test_an_external_database_is_reached_by_a_secret(minikube: PulumiProgram) -> None:
    url = "postgresql://todo:p@db.example.com:5432/todo"

    run = minikube.run(secrets={"databaseUrl": url}, database="external")

    [secret] = [each for each in run.of("Secret") if each.inputs["metadata"]["name"] == "todo-database"]
    assert secret.inputs["stringData"] == {"url": Secret(url)}
    assert [each for each in run.resources if url in json.dumps(revealed(each.inputs))] == [secret]
    assert url not in json.dumps(run.outputs, default=str)
    assert run.one("TodoApp").inputs["spec"]["database"] == {
        "secretRef": {"name": "todo-database", "key": "url"}
    }
    assert not [each for each in run.of("Release") if each.inputs["name"] == "cnpg"]


def test_ingress_replaces_the_gateway(minikube: PulumiProgram) -> None:
    run = minikube.run(entrance="ingress", ingressClass="traefik", certificateEmail="ada@example.com")

    assert not run.of("Gateway") + run.of("GatewayClass")
    spec = run.one("TodoApp").inputs["spec"]
    assert "gateway" not in spec
    assert spec["ingress"] == {
        "host": "todo.test",
        "className": "traefik",
        "tlsSecretName": "todo-tls",
        "annotations": {"cert-manager.io/cluster-issuer": "todoapp"},
    }
    [solver] = run.one("ClusterIssuer").inputs["spec"]["acme"]["solvers"]
    assert solver == {"http01": {"ingress": {"ingressClassName": "traefik"}}}


def test_lets_encrypt_gets_its_proof_through_the_gateway(minikube: PulumiProgram) -> None:
    run = minikube.run(certificateEmail="ada@example.com")

    [solver] = run.one("ClusterIssuer").inputs["spec"]["acme"]["solvers"]
    [parent] = solver["http01"]["gatewayHTTPRoute"]["parentRefs"]
    gateway = run.one("Gateway").inputs
    assert (parent["name"], parent["namespace"]) == (
        gateway["metadata"]["name"],
        gateway["metadata"]["namespace"],
    )
    plain = next(each for each in gateway["spec"]["listeners"] if each["name"] == parent["sectionName"])
    assert plain["protocol"] == "HTTP"
