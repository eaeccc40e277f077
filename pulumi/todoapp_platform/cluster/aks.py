"""Azure Kubernetes Service."""

from base64 import b64decode
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_azure_native import authorization, containerservice, resources
from pulumi_kubernetes import ProviderArgs

from todoapp_platform.cluster import Cluster, Nodes
from todoapp_platform.user_error import UserError

__all__ = ["Aks", "AksArgs"]

# https://learn.microsoft.com/azure/role-based-access-control/built-in-roles: AKS RBAC Cluster Admin
_CLUSTER_ADMIN = "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b"


@dataclass(frozen=True)
class AksArgs:
    """A cluster in `region` (such as westeurope). An empty `kubernetes_version` is Azure's default."""

    region: str
    kubernetes_version: str
    nodes: Nodes

    def __post_init__(self) -> None:
        if not self.region:
            raise UserError("AKS needs a region; `az account list-locations --output table` lists them.")


class Aks(Cluster):
    """An AKS cluster in a resource group of its own, with workload identity and without local accounts."""

    def __init__(self, name: str, args: AksArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("Aks", name, opts)
        group = resources.ResourceGroup(
            name,
            resources.ResourceGroupArgs(resource_group_name=name, location=args.region),
            pulumi.ResourceOptions(parent=self),
        )
        cluster = _managed_cluster(name, args, group, parent=self)
        administrator = _administrator(name, cluster)
        credentials = containerservice.list_managed_cluster_user_credentials_output(
            resource_group_name=group.name,
            resource_name=cluster.name,
            # By kubelogin and the signed-in az; the default format asks for a device code.
            format="exec",
            opts=pulumi.InvokeOutputOptions(parent=self, depends_on=[administrator]),
        )
        kubeconfig = credentials.apply(lambda found: b64decode(found.kubeconfigs[0].value).decode())
        self._reached(name, f"aks-{name}", ProviderArgs(kubeconfig=pulumi.Output.secret(kubeconfig)))


def _managed_cluster(name: str, args: AksArgs, group: Any, parent: pulumi.Resource) -> Any:
    return containerservice.ManagedCluster(
        name,
        resource_group_name=group.name,
        resource_name_=name,
        location=args.region,
        dns_prefix=name,
        kubernetes_version=args.kubernetes_version or None,
        sku=containerservice.ManagedClusterSKUArgs(name="Base", tier="Standard"),
        identity=containerservice.ManagedClusterIdentityArgs(type="SystemAssigned"),
        disable_local_accounts=True,
        aad_profile=containerservice.ManagedClusterAADProfileArgs(managed=True, enable_azure_rbac=True),
        oidc_issuer_profile=containerservice.ManagedClusterOIDCIssuerProfileArgs(enabled=True),
        security_profile=containerservice.ManagedClusterSecurityProfileArgs(
            workload_identity=containerservice.ManagedClusterSecurityProfileWorkloadIdentityArgs(enabled=True)
        ),
        auto_upgrade_profile=containerservice.ManagedClusterAutoUpgradeProfileArgs(
            upgrade_channel="patch", node_os_upgrade_channel="NodeImage"
        ),
        network_profile=containerservice.ContainerServiceNetworkProfileArgs(
            network_plugin="azure",
            network_plugin_mode="overlay",
            network_dataplane="cilium",
            network_policy="cilium",
        ),
        agent_pool_profiles=[
            containerservice.ManagedClusterAgentPoolProfileArgs(
                name="nodes",
                mode="System",
                vm_size=args.nodes.size,
                count=args.nodes.least,
                enable_auto_scaling=True,
                min_count=args.nodes.least,
                max_count=args.nodes.most,
                availability_zones=["1", "2", "3"],
                os_type="Linux",
                os_sku="AzureLinux",
            )
        ],
        opts=pulumi.ResourceOptions(
            parent=parent,
            # Within its bounds the number of nodes is the autoscaler's.
            ignore_changes=["agentPoolProfiles[*].count"],
        ),
    )


def _administrator(name: str, cluster: Any) -> Any:
    """Let the user who runs this program administer the cluster: it has no local accounts."""
    me = authorization.get_client_config_output()
    role = f"providers/Microsoft.Authorization/roleDefinitions/{_CLUSTER_ADMIN}"
    return authorization.RoleAssignment(
        f"{name}-administrator",
        authorization.RoleAssignmentArgs(
            scope=cluster.id,
            principal_id=me.object_id,
            role_definition_id=pulumi.Output.concat("/subscriptions/", me.subscription_id, "/", role),
        ),
        pulumi.ResourceOptions(parent=cluster),
    )
