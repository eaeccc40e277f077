"""The Pulumi program of every stack asks the engine for the platform that its diagram shows."""

import ast
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from testbed.kubernetes.sidecars import NAMESPACES_WITH_SIDECARS
from testbed.pulumi.program import PROGRAM, STACKS, PulumiProgram, Run, Secret
from todoapp_platform.versions import CHARTS

PRODUCTION = ("aks", "gke", "oke")
PLATFORM = "todoapp:platform:TodoAppPlatform"


@pytest.fixture(params=STACKS)
def run(request: pytest.FixtureRequest, stacks: Mapping[str, PulumiProgram]) -> Run:
    return stacks[request.param].run()


@pytest.fixture
def minikube(stacks: Mapping[str, PulumiProgram]) -> Run:
    return stacks["minikube"].run()


def releases(run: Run) -> dict[str, Mapping[str, Any]]:
    return {each.inputs["name"]: each.inputs for each in run.of("Release")}


def components(run: Run) -> set[str]:
    return {each.kind for each in run.resources if not each.custom}


def test_every_part_of_the_platform_is_a_component(run: Run) -> None:
    platform = {"TodoAppPlatform", "Dapr", "Keda", "Monitoring", "Entrance", "Certificates", "Kafka"}

    assert components(run) >= platform | {"Postgres", "Operator", "TodoApp", "ArgoCd"}
    assert len(components(run) & {"Minikube", "Aks", "Gke", "Oke"}) == 1


@pytest.mark.parametrize("stack", STACKS)
def test_a_first_preview_shows_everything_before_anything_exists(
    stack: str, stacks: Mapping[str, PulumiProgram]
) -> None:
    preview, up = stacks[stack].run(preview=True), stacks[stack].run()

    assert preview.by_urn.keys() == up.by_urn.keys()
    assert preview.exports() == up.exports()
    assert preview.provider.inputs["clusterIdentifier"] == up.provider.inputs["clusterIdentifier"]


def test_every_resource_is_inside_a_component(run: Run) -> None:
    for resource in run.resources:
        if resource.custom:
            assert any(not each.custom for each in run.ancestors(resource)), resource.urn


def test_every_component_registers_its_outputs(run: Run) -> None:
    assert {each.urn for each in run.resources if not each.custom} <= run.outputs.keys()


def test_names_are_unique_and_begin_with_the_projects(run: Run) -> None:
    assert len({each.urn for each in run.resources}) == len(run.resources)
    assert all(each.name.startswith("todoapp") for each in run.resources)


def test_resources_on_the_cluster_use_its_provider(run: Run) -> None:
    on_cluster = [each for each in run.resources if each.type.startswith("kubernetes:")]

    assert on_cluster
    for resource in on_cluster:
        assert resource.provider.startswith(run.provider.urn), resource.urn


def test_a_field_changed_by_hand_blocks_no_update(run: Run) -> None:
    """Otherwise the API server refuses to take a field from kubectl or Argo CD."""
    assert run.provider.inputs["enablePatchForce"] == "true"


def test_a_changed_kubeconfig_replaces_nothing(run: Run) -> None:
    assert run.provider.inputs["clusterIdentifier"].endswith("-todoapp")


def test_the_kubeconfig_is_a_secret(run: Run) -> None:
    assert isinstance(run.provider.inputs["kubeconfig"], Secret)


@pytest.mark.parametrize("stack", STACKS)
def test_only_the_sdk_of_the_stacks_own_cloud_is_imported(
    stack: str, stacks: Mapping[str, PulumiProgram]
) -> None:
    clouds = {"minikube": "command", "aks": "azure_native", "gke": "gcp", "oke": "oci"}

    imported = {clouds[each] for each in STACKS if f"pulumi_{clouds[each]}" in stacks[stack].run().sdks}

    assert imported == {clouds[stack]}


def test_resources_are_deleted_in_reverse_order(run: Run) -> None:
    """TodoApps first: our operator removes their finalizers, and Strimzi those of their topics."""
    app, operator = run.one("TodoApp"), run.one("Deployment")
    crd = run.one("CustomResourceDefinition")
    kafka, strimzi = run.one("Kafka"), run.one("Release", "todoapp-kafka")
    home = run.one("Namespace", "todoapp-todo")

    assert run.destroyed_before(app, operator)
    assert run.destroyed_before(operator, crd)
    for pool in run.of("KafkaNodePool"):
        assert run.destroyed_before(kafka, pool)
        assert run.destroyed_before(pool, strimzi)
    for needed in ("dapr", "keda", "monitoring", "entrance", "kafka", "postgres"):
        assert run.destroyed_before(app, run.one("Release", f"todoapp-{needed}")), needed
    assert run.destroyed_before(app, home)
    assert run.destroyed_before(run.one("Release", "todoapp-argo-cd"), app)


def test_every_release_is_in_a_namespace_that_is_made_first(run: Run) -> None:
    namespaces = {each.inputs["metadata"]["name"]: each for each in run.of("Namespace")}

    for release in run.of("Release"):
        assert run.destroyed_before(release, namespaces[release.inputs["namespace"]])


def test_every_namespace_has_pod_security(run: Run) -> None:
    levels = {
        each.inputs["metadata"]["name"]: each.inputs["metadata"]["labels"][
            "pod-security.kubernetes.io/enforce"
        ]
        for each in run.of("Namespace")
    }

    assert {name for name, level in levels.items() if level == "restricted"} == {"todo", "todoapp-system"}
    assert {name for name, level in levels.items() if level == "privileged"} <= {"monitoring"}


def test_every_chart_has_a_pinned_version_and_a_url(run: Run) -> None:
    pinned = {chart.reference: chart.version for chart in CHARTS}

    for release in run.of("Release"):
        assert release.inputs["version"] == pinned[release.inputs["chart"]]
        assert release.inputs["chart"].startswith(("oci://", "https://"))
        assert release.inputs["atomic"] is True


def test_every_pinned_chart_is_installed(minikube: Run) -> None:
    assert {each.inputs["chart"] for each in minikube.of("Release")} == {chart.reference for chart in CHARTS}


@pytest.mark.parametrize("chart", [chart for chart in CHARTS if chart.reference.startswith("https://")])
def test_a_charts_address_names_its_version(chart: Any) -> None:
    assert chart.reference.endswith(f"-{chart.version}.tgz")


def test_no_secret_is_in_a_release_or_in_an_output(run: Run) -> None:
    for release in run.of("Release"):
        assert '"secret"' not in json.dumps(release.inputs, default=lambda _: {"secret": True})
    assert "generated" not in json.dumps(run.outputs, default=str)
    assert run.exports() == {"url": run.exports()["url"]}


def test_the_contents_of_secrets_are_secret(run: Run) -> None:
    for secret in run.of("Secret"):
        private = {key: value for key, value in secret.inputs["stringData"].items() if key != "username"}
        assert private
        assert all(isinstance(value, Secret) for value in private.values())


def test_the_stack_exports_the_url_of_the_application(minikube: Run) -> None:
    assert minikube.exports() == {"url": "https://todo.test"}


@pytest.mark.parametrize("stack", PRODUCTION)
def test_resources_that_hold_data_are_protected_on_a_cloud(
    stack: str, stacks: Mapping[str, PulumiProgram]
) -> None:
    run = stacks[stack].run()
    kept = {each.name for each in run.resources if each.protect and each.is_manifest}

    assert kept >= {
        "todoapp-todo",
        "todoapp-app",
        "todoapp-kafka",
        "todoapp-kafka-kafka-kafka",
        "todoapp-kafka-kafkanodepool-broker",
    }
    [cluster] = (each for each in run.resources if each.kind in ("Aks", "Gke", "Oke"))
    assert all(each.protect for each in run.resources if cluster in run.ancestors(each))


def test_no_resource_is_protected_on_a_laptop(minikube: Run) -> None:
    assert not any(each.protect for each in minikube.resources)


def test_dapr_refuses_pods_that_it_cannot_give_a_sidecar(run: Run) -> None:
    values = releases(run)["dapr"]["values"]

    assert values["dapr_sidecar_injector"]["webhookFailurePolicy"] == "Fail"
    assert values["dapr_sidecar_injector"]["sidecarDropALLCapabilities"] is True
    assert values["dapr_scheduler"]["cluster"] == {"storageSize": "16Gi", "inMemoryStorage": False}
    assert values["global"]["mtls"] == {"enabled": True}


def test_a_lost_injector_stops_no_pod_but_todoapps(run: Run) -> None:
    injector = releases(run)["dapr"]["values"]["dapr_sidecar_injector"]

    assert injector["namespaceSelector"] == NAMESPACES_WITH_SIDECARS
    assert injector["objectSelector"] == {"matchLabels": {"app.kubernetes.io/name": "todoapp"}}


@pytest.mark.parametrize("stack", STACKS)
def test_control_planes_are_replicated_on_clouds_only(
    stack: str, stacks: Mapping[str, PulumiProgram]
) -> None:
    run = stacks[stack].run()
    replicas = 2 if stack in PRODUCTION else 1

    found = releases(run)
    assert found["dapr"]["values"]["global"]["ha"]["enabled"] is (stack in PRODUCTION)
    assert found["keda"]["values"]["operator"]["replicaCount"] == replicas
    assert found["envoy-gateway"]["values"]["deployment"]["replicas"] == replicas
    assert found["cert-manager"]["values"]["replicaCount"] == replicas
    assert found["argocd"]["values"]["server"]["replicas"] == replicas
    assert found["strimzi"]["values"]["replicas"] == replicas
    assert run.one("Deployment").inputs["spec"]["replicas"] == replicas


@pytest.mark.parametrize("stack", PRODUCTION)
def test_a_cloud_replicates_every_event_three_times(stack: str, stacks: Mapping[str, PulumiProgram]) -> None:
    run = stacks[stack].run()
    kafka = run.one("Kafka").inputs["spec"]
    pools = {each.inputs["metadata"]["name"]: each.inputs["spec"] for each in run.of("KafkaNodePool")}

    assert kafka["kafka"]["config"]["default.replication.factor"] == 3
    assert kafka["kafka"]["config"]["min.insync.replicas"] == 2
    assert kafka["kafka"]["rack"] == {"topologyKey": "topology.kubernetes.io/zone"}
    assert "cruiseControl" in kafka
    assert {name: pool["replicas"] for name, pool in pools.items()} == {"controller": 3, "broker": 3}
    assert pools["broker"]["storage"]["volumes"][0]["size"] == "50Gi"


def test_a_laptop_has_one_broker(minikube: Run) -> None:
    pool = minikube.one("KafkaNodePool").inputs["spec"]
    kafka = minikube.one("Kafka").inputs["spec"]

    assert (pool["replicas"], pool["roles"]) == (1, ["controller", "broker"])
    assert kafka["kafka"]["config"]["default.replication.factor"] == 1
    assert not {"cruiseControl", "rack"} & {*kafka, *kafka["kafka"]}


def test_only_the_todoapps_namespace_may_use_its_kafka(run: Run) -> None:
    kafka, todo = run.one("Kafka").inputs["metadata"], run.one("TodoApp").inputs["metadata"]

    assert kafka["annotations"]["todoapp.dev/allow-namespaces"] == todo["namespace"] != kafka["namespace"]


def test_the_todoapp_uses_the_installed_platform(run: Run) -> None:
    todo = run.one("TodoApp")
    spec = todo.inputs["spec"]

    assert todo.inputs["metadata"]["annotations"]["pulumi.com/waitFor"] == "condition=Ready"
    assert spec["broker"] == {"strimzi": {"cluster": "kafka", "namespace": "kafka"}}
    assert spec["database"]["cluster"]["instances"] in (1, 3)
    assert spec["observability"] == {"serviceMonitor": True, "alerts": True, "dashboards": True}
    [gateway] = run.of("Gateway")
    parent = spec["gateway"]["parentRefs"][0]
    assert gateway.inputs["metadata"]["name"] == parent["name"]
    assert gateway.inputs["metadata"]["namespace"] == parent["namespace"]
    assert parent["sectionName"] in {each["name"] for each in gateway.inputs["spec"]["listeners"]}


def test_the_operator_is_that_of_this_release(minikube: Run) -> None:
    [written] = [
        each
        for each in yaml.safe_load_all(Path("operator/manifests/deployment.yaml").read_text())
        if each["kind"] == "Deployment"
    ]

    [container] = minikube.one("Deployment").inputs["spec"]["template"]["spec"]["containers"]

    assert container == written["spec"]["template"]["spec"]["containers"][0]


def test_grafana_shows_loki_and_dashboards_of_named_namespaces_only(minikube: Run) -> None:
    found = releases(minikube)
    grafana = found["prometheus"]["values"]["grafana"]
    [loki] = grafana["additionalDataSources"]

    assert grafana["sidecar"]["dashboards"]["searchNamespace"] == ["monitoring", "todo"]
    assert grafana["sidecar"]["dashboards"]["resource"] == "configmap"
    assert loki["url"] in found["alloy"]["values"]["alloy"]["configMap"]["content"]
    assert loki["url"] == f"http://{found['loki']['name']}:3100"
    [administrator] = [
        each for each in minikube.of("Secret") if each.inputs["metadata"]["namespace"] == "monitoring"
    ]
    assert grafana["admin"]["existingSecret"] == administrator.inputs["metadata"]["name"]
    assert {grafana["admin"]["userKey"], grafana["admin"]["passwordKey"]} == {
        *administrator.inputs["stringData"]
    }


def test_grafana_reads_no_secret_of_another_namespace(minikube: Run) -> None:
    grafana = releases(minikube)["prometheus"]["values"]["grafana"]
    [role] = [each.inputs for each in minikube.of("Role") if "grafana" in each.inputs["metadata"]["name"]]
    [binding] = [
        each.inputs
        for each in minikube.of("RoleBinding")
        if each.inputs["roleRef"]["name"] == role["metadata"]["name"]
    ]

    assert grafana["rbac"] == {"namespaced": True}
    assert [rule["resources"] for rule in role["rules"]] == [["configmaps"]]
    assert role["metadata"]["namespace"] == binding["metadata"]["namespace"] == "todo"
    assert binding["subjects"] == [
        {"kind": "ServiceAccount", "namespace": "monitoring", **grafana["serviceAccount"]}
    ]


def declared() -> dict[str, Any]:
    config: dict[str, Any] = yaml.safe_load((PROGRAM / "Pulumi.yaml").read_text())["config"]
    return config


def test_the_program_reads_every_declared_key_and_no_other() -> None:
    tree = ast.parse((PROGRAM / "__main__.py").read_text())
    calls = [each for each in ast.walk(tree) if isinstance(each, ast.Call) and each.args]
    readers = {"text", "number", "flag", "require_object", "require_secret"}

    read = {
        argument.value
        for call in calls
        if getattr(call.func, "id", getattr(call.func, "attr", "")) in readers
        and isinstance(argument := call.args[0], ast.Constant)
    }

    assert read == declared().keys()


def test_nothing_else_reads_the_configuration() -> None:
    for module in (PROGRAM / "todoapp_platform").rglob("*.py"):
        assert not re.search(r"pulumi\.Config|import Config|get_config", module.read_text()), module


@pytest.mark.parametrize("stack", STACKS)
def test_a_stack_sets_declared_keys_with_values_of_their_type(stack: str) -> None:
    types = {"string": str, "integer": int, "boolean": bool, "array": list}
    values = yaml.safe_load((PROGRAM / f"Pulumi.{stack}.yaml").read_text())["config"]

    for key, value in values.items():
        project, _, name = key.partition(":")
        assert project == "todoapp"
        assert type(value) is types[declared()[name]["type"]], key


@pytest.mark.parametrize("key", declared())
def test_a_declared_key_has_a_type_and_a_description(key: str) -> None:
    entry = declared()[key]

    assert entry["type"] in {"string", "integer", "boolean", "array"}
    assert entry["description"].endswith(".")
    assert "secret" not in entry  # with a default the engine would refuse it
