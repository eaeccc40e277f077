"""The Pulumi components, the operator and the files in this repository agree without knowing one another."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from testbed.pulumi.program import OTHER_CHOICES, PROGRAM, PulumiProgram, Run
from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.reconcile.kafka_access import ANNOTATION
from todoapp_operator.render.names import Names
from todoapp_operator.render.strimzi import strimzi_resources
from todoapp_operator.resource.spec import TodoApp
from todoapp_platform.versions import CHARTS

STRIMZI = TodoApp.model_validate(
    {"metadata": {"name": "todo", "namespace": "todo"}, "spec": {"broker": {"strimzi": {}}}}
)
CHOSEN = ("pulumi.com/waitFor", "pulumi.com/timeoutSeconds", ANNOTATION)

# The first test on a machine builds kustomize.
pytestmark = pytest.mark.timeout(func_only=True)


@pytest.fixture
def redpanda(stacks: Mapping[str, PulumiProgram]) -> Run:
    return stacks["minikube"].run(**OTHER_CHOICES["redpanda"])


def rendered(kind: str) -> list[Manifest]:
    """With the names that topics have on a broker of the TodoApp's own."""
    return [each for each in strimzi_resources(STRIMZI, Names(prefix="todo-")) if each["kind"] == kind]


def test_the_python_types_of_a_todoapp_are_up_to_date() -> None:
    command = [sys.executable, "-m", "todoapp_operator", "python-types"]
    written = subprocess.run(command, check=True, capture_output=True, text=True).stdout

    committed = (PROGRAM / "todoapp_platform/todo_app_spec.py").read_text()
    assert committed == written, "`make generated` writes it"


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"cluster": "existing", "context": "mine", "kafkaBrokers": 3, "monitoring": False},
        {"entrance": "ingress", "ingressClass": "traefik", "image": "ghcr.io/example/todoapp:0.2.0"},
        OTHER_CHOICES["redpanda"],
    ],
)
def test_the_operator_understands_the_todoapp_of_a_program(
    config: Mapping[str, Any], stacks: Mapping[str, PulumiProgram]
) -> None:
    inputs = stacks["minikube"].run(**config).one("TodoApp").inputs

    app = TodoApp.model_validate({**inputs, "metadata": {"name": "todo", "namespace": "todo"}})

    assert app.spec.broker is not None
    assert app.spec.database is not None


def test_redpanda_gets_the_topics_that_strimzi_would(redpanda: Run) -> None:
    def size(spec: Mapping[str, Any]) -> tuple[str, int, str]:
        return spec["topicName"], spec["partitions"], str(spec["config"]["retention.ms"])

    wanted = {size(each["spec"]) for each in rendered("KafkaTopic")}

    assert {
        (each["name"], each["partitionCount"], each["configuration"]["retention.ms"])
        for each in (topic.inputs for topic in redpanda.of("Topic"))
    } == wanted


def test_redpandas_user_has_the_topic_rights_of_all_strimzi_users(redpanda: Run) -> None:
    wanted = {
        (acl["resource"]["name"], operation.upper())
        for acl in acls("topic")
        for operation in acl["operations"]
    }

    assert {
        (each["resourceName"], each["operation"])
        for each in (acl.inputs for acl in redpanda.of("Acl"))
        if each["resourceType"] == "TOPIC"
    } == wanted


def test_redpandas_user_may_use_the_groups_of_the_three_processes(redpanda: Run) -> None:
    groups = {
        (each["resourceName"], each["operation"])
        for each in (acl.inputs for acl in redpanda.of("Acl"))
        if each["resourceType"] == "GROUP"
    }
    [prefix] = {name for name, _ in groups}

    assert all(acl["resource"]["name"].startswith(prefix) for acl in acls("group"))
    assert {operation for _, operation in groups} == {
        operation.upper() for acl in acls("group") for operation in acl["operations"]
    }


def acls(kind: str) -> Iterator[dict[str, Any]]:
    for user in rendered("KafkaUser"):
        for acl in user["spec"]["authorization"]["acls"]:
            if acl["resource"]["type"] == kind:
                yield acl


@pytest.mark.parametrize(("size", "brokers"), [("development", 1), ("production", 3)])
def test_kafka_is_the_one_that_kustomize_builds(
    size: str, brokers: int, kustomize: Path, stacks: Mapping[str, PulumiProgram]
) -> None:
    build = subprocess.run(
        [kustomize, "build", f"strimzi/{size}"], check=True, capture_output=True, text=True
    )
    kinds = ("Kafka", "KafkaNodePool", "PodMonitor", "Namespace", "NetworkPolicy")
    built = {
        (each["kind"], each["metadata"]["name"]): each
        for each in yaml.safe_load_all(build.stdout)
        if each["kind"] in kinds
    }

    made = [
        each.inputs
        for each in stacks["minikube"].run(kafkaBrokers=brokers, kafkaStorage="100Gi").resources
        if each.kind in kinds and each.inputs.get("metadata", {}).get("namespace", "") == "kafka"
    ]

    assert {(each["kind"], each["metadata"]["name"]) for each in made} == built.keys() - {
        ("Namespace", "kafka")
    }
    for manifest in made:
        assert sized(manifest) == sized(built[manifest["kind"], manifest["metadata"]["name"]])


def sized(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest but for what the platform chooses: sizes of volumes, who may use it, how long to wait."""
    metadata = {name: value for name, value in manifest["metadata"].items() if name != "annotations"}
    assert {*manifest["metadata"].get("annotations", {})} <= {*CHOSEN}
    spec = manifest["spec"]
    if "storage" in spec:
        volumes = [{**each, "size": "chosen"} for each in spec["storage"]["volumes"]]
        spec = {**spec, "storage": {**spec["storage"], "volumes": volumes}}
    return {**manifest, "metadata": metadata, "spec": spec}


def test_the_operator_is_made_of_its_manifests(stacks: Mapping[str, PulumiProgram]) -> None:
    kustomization = yaml.safe_load(Path("operator/manifests/kustomization.yaml").read_text())
    written = {
        f"{each['kind']} {each['metadata']['name']}": each
        for file in kustomization["resources"]
        for each in yaml.safe_load_all(Path("operator/manifests", file).read_text())
    }

    run = stacks["minikube"].run(highAvailability=True)
    made = {
        f"{each.kind} {each.inputs['metadata']['name']}": each.inputs
        for each in run.resources
        if each.name.startswith("todoapp-operator-")
    }

    # Pulumi and the API server keep every number as a float.
    assert json.loads(json.dumps(made), parse_int=float) == json.loads(json.dumps(written), parse_int=float)


def test_argo_cd_has_the_settings_that_kustomize_builds(
    kustomize: Path, stacks: Mapping[str, PulumiProgram]
) -> None:
    build = subprocess.run(
        [kustomize, "build", "gitops/argocd/settings"], check=True, capture_output=True, text=True
    )
    built = {each["metadata"]["name"]: each["data"] for each in yaml.safe_load_all(build.stdout)}

    made = stacks["minikube"].run().one("Release", "todoapp-argo-cd").inputs["values"]["configs"]

    names = {"cm": "argocd-cm", "params": "argocd-cmd-params-cm"}
    assert {names[key]: data for key, data in made.items()} == built


def test_git_and_pulumi_install_the_same_versions() -> None:
    pinned = {chart.reference: chart.version for chart in CHARTS}
    sources = [
        each["spec"].get("source", {})
        for file in Path("gitops/platform").rglob("*.yaml")
        for each in yaml.safe_load_all(file.read_text())
        if each["kind"] == "Application"
    ]
    charts = [each for each in sources if "chart" in each or each.get("repoURL", "").startswith("oci://")]

    assert charts
    for source in charts:
        version = source["targetRevision"]
        file = f"/{source['chart']}-{version}.tgz" if "chart" in source else ""
        assert pinned[source["repoURL"] + file] == version
