"""A value that is missing or cannot work ends the program with one clear sentence."""

from collections.abc import Mapping
from typing import Any

import pytest

from testbed.pulumi.program import PulumiProgram

URL = "postgresql://todo:hidden@db.example.com/todo"


@pytest.mark.parametrize(
    ("stack", "config", "sentence"),
    [
        (
            "minikube",
            {"cluster": "eks"},
            "todoapp:cluster is 'eks'; write minikube, aks, gke, oke or existing.",
        ),
        ("minikube", {"entrance": "door"}, "todoapp:entrance is 'door'; write gateway or ingress."),
        ("minikube", {"broker": "nats"}, "todoapp:broker is 'nats'; write strimzi or redpanda."),
        ("minikube", {"database": "mysql"}, "todoapp:database is 'mysql'; write cluster or external."),
        (
            "minikube",
            {"host": "https://todo.example.com"},
            "'https://todo.example.com' is not a host name; write one such as todo.example.com.",
        ),
        ("minikube", {"host": ""}, "'' is not a host name; write one such as todo.example.com."),
        (
            "minikube",
            {"entrance": "ingress"},
            "An Ingress needs the name of its class; `kubectl get ingressclass` lists them.",
        ),
        (
            "minikube",
            {"kafkaBrokers": 2},
            "A Kafka cluster of 2 brokers cannot lose one; choose 1 for development, or 3 or more.",
        ),
        (
            "minikube",
            {"broker": "redpanda"},
            "Redpanda's seed brokers are missing or have no port; name one or more as host:port, "
            "such as seed-1a2b.example.cloud.redpanda.com:9092.",
        ),
        (
            "minikube",
            {"broker": "redpanda", "redpandaBrokers": ["seed.example.com:9092"]},
            "'' is not the address of a Redpanda cluster's API; it starts with https://.",
        ),
        (
            "minikube",
            {"gitRepository": "todo.git"},
            "'todo.git' is not the address of a Git repository; it starts with https://, ssh:// or git@.",
        ),
        (
            "minikube",
            {"gitRepository": "https://example.com/todo.git", "argoCd": False},
            "todoapp:gitRepository is for Argo CD to follow; set todoapp:argoCd to true.",
        ),
        (
            "minikube",
            {"cluster": "existing"},
            "An existing cluster needs the name of its context; `kubectl config get-contexts` lists them.",
        ),
        (
            "minikube",
            {"gitRepository": "https://example.com/todo.git", "gitPath": "/gitops"},
            "'/gitops' is not a folder of a Git repository; write one such as gitops/apps/production.",
        ),
        (
            "minikube",
            {"name": "My Todo"},
            "'My Todo' is not a valid name of a cluster; write up to 40 small letters, digits and hyphens, "
            "beginning with a letter, such as todoapp.",
        ),
        (
            "minikube",
            {"certificateEmail": "ada"},
            "'ada' is not an email address for Let's Encrypt; write one such as ada@example.com.",
        ),
        (
            "minikube",
            {"kafkaStorage": "10 GB"},
            "'10 GB' is not a valid size of a broker's volume; write one such as 10Gi.",
        ),
        (
            "minikube",
            {"databaseStorage": "0"},
            "'0' is not a valid size of a PostgreSQL server's volume; write one such as 10Gi.",
        ),
        (
            "minikube",
            {"databaseInstances": 0},
            "0 is not a valid number of PostgreSQL servers; write 1 or more.",
        ),
        (
            "minikube",
            {"monitoringDays": -1},
            "-1 is not a valid number of days to keep metrics and logs; write 1 or more.",
        ),
        ("minikube", {"apiReplicas": 0}, "0 is not a valid number of replicas of the api; write 1 or more."),
        (
            "aks",
            {"region": ""},
            "AKS needs a region; `az account list-locations --output table` lists them.",
        ),
        (
            "aks",
            {"nodeSize": ""},
            "The nodes need a size that the cloud knows, such as Standard_D4s_v5 on Azure.",
        ),
        (
            "aks",
            {"nodesLeast": 5, "nodesMost": 4},
            "From 5 to 4 nodes is not a range; the least must be between 1 and the most.",
        ),
        ("gke", {"project": ""}, "GKE needs a project; `gcloud projects list` lists yours."),
        ("gke", {"region": ""}, "GKE needs a region; `gcloud compute regions list` lists them."),
        (
            "oke",
            {"compartment": "mine"},
            "OKE needs the OCID of a compartment, which starts with ocid1.; "
            "`oci iam compartment list` shows yours.",
        ),
        (
            "oke",
            {"kubernetesVersion": "1.34"},
            "'1.34' is not a Kubernetes version of OKE; write one such as v1.34.1, "
            "from `oci ce cluster-options get --cluster-option-id all`.",
        ),
    ],
)
def test_a_wrong_value_is_refused_in_one_sentence(
    stack: str, config: Mapping[str, Any], sentence: str, stacks: Mapping[str, PulumiProgram]
) -> None:
    assert stacks[stack].refusal(**config) == sentence


def test_a_missing_value_is_reported_with_the_command_that_helps(stacks: Mapping[str, PulumiProgram]) -> None:
    refusal = stacks["minikube"].refusal(host=None)

    assert "'todoapp:host'" in refusal
    assert "pulumi config set todoapp:host" in refusal


@pytest.mark.parametrize(("key", "value"), [("kafkaBrokers", "many"), ("highAvailability", "perhaps")])
def test_a_value_of_another_type_is_named(key: str, value: Any, stacks: Mapping[str, PulumiProgram]) -> None:
    refusal = stacks["minikube"].refusal(**{key: value})

    assert f"todoapp:{key}" in refusal
    assert value in refusal


@pytest.mark.parametrize("config", [{}, {"databaseUrl": URL}])
def test_a_plain_text_database_url_is_refused_without_showing_it(
    config: Mapping[str, Any], stacks: Mapping[str, PulumiProgram]
) -> None:
    refusal = stacks["minikube"].refusal(database="external", **config)

    assert refusal == (
        "todoapp:databaseUrl is missing or readable by all; "
        "set it by `pulumi config set --secret databaseUrl postgresql://…`."
    )


def test_a_secret_url_of_another_database_is_refused_unshown(
    stacks: Mapping[str, PulumiProgram],
) -> None:
    secret = {"databaseUrl": URL.replace("postgresql", "mysql")}

    refusal = stacks["minikube"].refusal(secrets=secret, database="external")

    assert refusal == "The database's URL is not one of a PostgreSQL; it starts with postgresql://."
