"""Each kind of cluster is asked for as its cloud wants it, safely."""

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from testbed.pulumi.program import PulumiProgram, Resource, Run, revealed


@pytest.fixture
def aks(stacks: Mapping[str, PulumiProgram]) -> Run:
    return stacks["aks"].run()


@pytest.fixture
def oke(stacks: Mapping[str, PulumiProgram]) -> Run:
    return stacks["oke"].run()


def commands(run: Run) -> dict[str, Mapping[str, Any]]:
    return {each.name: each.inputs for each in run.of("Command")}


def cluster(run: Run) -> Resource:
    """The cloud's cluster, not one of Kafka's or the like."""
    [found] = (each for each in run.of("Cluster") if not each.is_manifest)
    return found


def test_minikube_starts_a_profile_that_enforces_network_policies(
    stacks: Mapping[str, PulumiProgram],
) -> None:
    machine = commands(stacks["minikube"].run(name="mine", kubernetesVersion="v1.35.0"))["mine"]

    assert "--cni calico" in machine["create"]
    assert machine["delete"] == 'minikube delete --profile "$PROFILE"'
    assert machine["environment"] == {
        "PROFILE": "mine",
        "VERSION": "v1.35.0",
        "CPUS": "4",
        "MEMORY": "10g",
    }


def test_minikubes_kubeconfig_is_read_after_its_start(stacks: Mapping[str, PulumiProgram]) -> None:
    run = stacks["minikube"].run()
    reading = run.one("Command", "todoapp-kubeconfig")

    assert '--context "$PROFILE"' in reading.inputs["create"]
    assert run.destroyed_before(reading, run.one("Command", "todoapp"))
    assert revealed(run.provider.inputs["kubeconfig"]) == "the kubeconfig"


@pytest.mark.parametrize(
    "config", [{"createProfile": False, "name": "mine"}, {"cluster": "existing", "context": "mine"}]
)
def test_a_cluster_that_runs_already_is_left_alone(
    config: Mapping[str, Any], stacks: Mapping[str, PulumiProgram]
) -> None:
    run = stacks["minikube"].run(**config)

    assert run.of("Command") == []
    assert run.provider.inputs["context"] == "mine"
    # Not absent: the SDK would then take what KUBECONFIG says for the content of a file.
    assert run.provider.inputs["kubeconfig"] == ""


def test_kubeconfig_may_list_several_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", "/home/ada/one:/home/ada/two")
    program = PulumiProgram("minikube")

    run = program.run(cluster="existing", context="mine")
    program.stop()

    assert not [each.urn for each in run.resources if "/home/ada" in str(each.inputs)]


def test_aks_has_workload_identity_and_no_local_accounts(aks: Run) -> None:
    inputs = aks.one("ManagedCluster").inputs

    assert inputs["oidcIssuerProfile"] == {"enabled": True}
    assert inputs["securityProfile"] == {"workloadIdentity": {"enabled": True}}
    assert inputs["disableLocalAccounts"] is True
    assert inputs["aadProfile"] == {"managed": True, "enableAzureRBAC": True}
    assert inputs["identity"] == {"type": "SystemAssigned"}


def test_aks_enforces_network_policies_on_an_overlay(aks: Run) -> None:
    network = aks.one("ManagedCluster").inputs["networkProfile"]

    assert network["networkPluginMode"] == "overlay"
    assert (network["networkDataplane"], network["networkPolicy"]) == ("cilium", "cilium")


def test_aks_spreads_nodes_over_zones_within_bounds(stacks: Mapping[str, PulumiProgram]) -> None:
    inputs = stacks["aks"].run(nodesLeast=2, nodesMost=9).one("ManagedCluster").inputs
    [pool] = inputs["agentPoolProfiles"]

    assert (pool["minCount"], pool["maxCount"], pool["vmSize"]) == (2, 9, "Standard_D4s_v5")
    assert pool["availabilityZones"] == ["1", "2", "3"]


def test_aks_leaves_the_number_of_nodes_to_the_autoscaler(aks: Run) -> None:
    assert aks.one("ManagedCluster").ignore_changes == ("agentPoolProfiles[*].count",)


def test_aks_is_administered_by_its_creator_without_a_device_code(aks: Run) -> None:
    role = aks.one("RoleAssignment").inputs

    assert role["scope"] == "todoapp-id"
    assert role["principalId"] == "me"
    assert role["roleDefinitionId"].startswith("/subscriptions/mine/providers/Microsoft.Authorization/")
    assert revealed(aks.provider.inputs["kubeconfig"]) == "the kubeconfig"


@pytest.mark.parametrize(
    ("stack", "kind", "key"),
    [("aks", "ManagedCluster", "kubernetesVersion"), ("gke", "Cluster", "minMasterVersion")],
)
def test_a_cloud_with_a_default_version_may_choose_it(
    stack: str, kind: str, key: str, stacks: Mapping[str, PulumiProgram]
) -> None:
    chosen, default = (
        [each.inputs.get(key) for each in stacks[stack].run(kubernetesVersion=version).of(kind)]
        for version in ("1.35", "")
    )

    assert "1.35" in chosen
    assert set(default) == {None}


def test_gke_is_an_autopilot_cluster_unless_nodes_are_wanted(stacks: Mapping[str, PulumiProgram]) -> None:
    run = stacks["gke"].run()
    values = {each.inputs["name"]: each.inputs["values"] for each in run.of("Release")}

    assert cluster(run).inputs["enableAutopilot"] is True
    assert run.of("NodePool") == []
    assert values["prometheus"]["nodeExporter"] == {"enabled": False}


def test_gke_standard_has_workload_identity_and_its_own_pool(
    stacks: Mapping[str, PulumiProgram],
) -> None:
    run = stacks["gke"].run(autopilot=False, nodesLeast=1, nodesMost=4)
    pool = run.one("NodePool").inputs

    inputs = cluster(run).inputs
    assert inputs["workloadIdentityConfig"] == {"workloadPool": "my-project.svc.id.goog"}
    assert inputs["datapathProvider"] == "ADVANCED_DATAPATH"
    assert inputs["removeDefaultNodePool"] is True
    assert (pool["autoscaling"]["totalMinNodeCount"], pool["autoscaling"]["totalMaxNodeCount"]) == (1, 4)
    assert pool["nodeConfig"]["machineType"] == "e2-standard-4"
    assert pool["nodeConfig"]["workloadMetadataConfig"] == {"mode": "GKE_METADATA"}


@pytest.mark.parametrize("protect", [True, False])
def test_gke_refuses_deletion_as_pulumi_does(protect: bool, stacks: Mapping[str, PulumiProgram]) -> None:
    found = cluster(stacks["gke"].run(protect=protect))

    assert found.inputs["deletionProtection"] is protect
    assert found.protect is protect


def test_gkes_kubeconfig_signs_in_by_googles_plug_in(stacks: Mapping[str, PulumiProgram]) -> None:
    kubeconfig = yaml.safe_load(revealed(stacks["gke"].run().provider.inputs["kubeconfig"]))

    [entry] = kubeconfig["clusters"]
    assert entry["cluster"] == {
        "server": "https://192.0.2.1",
        "certificate-authority-data": "the CA",
    }
    [user] = kubeconfig["users"]
    assert user["user"]["exec"]["command"] == "gke-gcloud-auth-plugin"


def test_oke_is_an_enhanced_cluster_with_nodes_in_every_domain(oke: Run) -> None:
    placed = oke.one("NodePool").inputs["nodeConfigDetails"]["placementConfigs"]

    assert cluster(oke).inputs["type"] == "ENHANCED_CLUSTER"
    assert [each["availabilityDomain"] for each in placed] == ["one", "two", "three"]
    assert {each["subnetId"] for each in placed} == {"todoapp-nodes-id"}


def test_okes_nodes_are_private_and_only_needed_ports_open(oke: Run) -> None:
    subnets = {each.name: each.inputs for each in oke.of("Subnet")}
    open_ports = {
        each.name: sorted(
            rule["tcpOptions"]["max"]
            for rule in each.inputs["ingressSecurityRules"]
            if rule["source"] == "0.0.0.0/0"
        )
        for each in oke.of("SecurityList")
    }

    assert {name for name, subnet in subnets.items() if subnet["prohibitPublicIpOnVnic"]} == {"todoapp-nodes"}
    assert open_ports == {
        "todoapp-api": [6443],
        "todoapp-load-balancers": [80, 443],
        "todoapp-nodes": [],
    }


def test_a_newer_image_does_not_replace_okes_nodes(oke: Run) -> None:
    assert oke.one("NodePool").ignore_changes == ("nodeSourceDetails.imageId",)
