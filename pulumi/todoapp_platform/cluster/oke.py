"""Oracle Kubernetes Engine."""

import re
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_kubernetes import ProviderArgs
from pulumi_oci import containerengine, identity

from todoapp_platform.cluster import Cluster, Nodes
from todoapp_platform.cluster.oke_network import Network, network
from todoapp_platform.user_error import UserError

__all__ = ["Oke", "OkeArgs"]


@dataclass(frozen=True)
class OkeArgs:
    """A cluster in `compartment`, of a Kubernetes version such as v1.34.1.

    Nodes of a flexible shape (`VM.Standard.E5.Flex`) get `processors` OCPUs and `memory` GiB each. Their
    number is `nodes.least`: OKE scales pools only with an add-on that needs rights in the tenancy.
    """

    compartment: str
    kubernetes_version: str
    nodes: Nodes
    processors: int = 2
    memory: int = 16

    def __post_init__(self) -> None:
        if not self.compartment.startswith("ocid1."):
            raise UserError(
                "OKE needs the OCID of a compartment, which starts with ocid1.; "
                "`oci iam compartment list` shows yours."
            )
        if not re.fullmatch(r"v\d+\.\d+\.\d+", self.kubernetes_version):
            raise UserError(
                f"'{self.kubernetes_version}' is not a Kubernetes version of OKE; write one such as v1.34.1, "
                "from `oci ce cluster-options get --cluster-option-id all`."
            )


class Oke(Cluster):
    """An enhanced OKE cluster (only those have workload identity) in a network of its own."""

    def __init__(self, name: str, args: OkeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("Oke", name, opts)
        where = network(name, args.compartment, parent=self)
        cluster = containerengine.Cluster(
            name,
            name=name,
            type="ENHANCED_CLUSTER",
            compartment_id=args.compartment,
            vcn_id=where.vcn,
            kubernetes_version=args.kubernetes_version,
            cluster_pod_network_options=[
                containerengine.ClusterClusterPodNetworkOptionArgs(cni_type="OCI_VCN_IP_NATIVE")
            ],
            endpoint_config=containerengine.ClusterEndpointConfigArgs(
                subnet_id=where.api, is_public_ip_enabled=True
            ),
            options=containerengine.ClusterOptionsArgs(service_lb_subnet_ids=[where.load_balancers]),
            opts=pulumi.ResourceOptions(parent=self),
        )
        pool = _pool(name, args, where, cluster)
        found = containerengine.get_cluster_kube_config_output(
            cluster_id=cluster.id,
            token_version="2.0.0",  # noqa: S106 - the version of the format
            opts=pulumi.InvokeOutputOptions(parent=self, depends_on=[pool]),
        )
        self._reached(name, f"oke-{name}", ProviderArgs(kubeconfig=pulumi.Output.secret(found.content)))


def _pool(name: str, args: OkeArgs, where: Network, cluster: Any) -> Any:
    """Nodes in every availability domain of the region."""
    domains = identity.get_availability_domains_output(compartment_id=args.compartment)
    placement = domains.availability_domains.apply(
        lambda found: [
            containerengine.NodePoolNodeConfigDetailsPlacementConfigArgs(
                availability_domain=domain.name, subnet_id=where.nodes
            )
            for domain in found
        ]
    )
    return containerengine.NodePool(
        name,
        name="nodes",
        cluster_id=cluster.id,
        compartment_id=args.compartment,
        kubernetes_version=args.kubernetes_version,
        node_shape=args.nodes.size,
        node_shape_config=containerengine.NodePoolNodeShapeConfigArgs(
            ocpus=args.processors, memory_in_gbs=args.memory
        ),
        node_source_details=containerengine.NodePoolNodeSourceDetailsArgs(
            source_type="IMAGE", image_id=_image(args)
        ),
        node_config_details=containerengine.NodePoolNodeConfigDetailsArgs(
            size=args.nodes.least,
            placement_configs=placement,
            node_pool_pod_network_option_details=(
                containerengine.NodePoolNodeConfigDetailsNodePoolPodNetworkOptionDetailsArgs(
                    cni_type="OCI_VCN_IP_NATIVE", pod_subnet_ids=[where.nodes]
                )
            ),
        ),
        opts=pulumi.ResourceOptions(
            parent=cluster,
            # A newer image appears every few weeks; a version of Kubernetes is chosen by people.
            ignore_changes=["nodeSourceDetails.imageId"],
        ),
    )


def _image(args: OkeArgs) -> pulumi.Output[str]:
    """Oracle's newest image of the right version for processors as in the nodes' shape."""
    options = containerengine.get_node_pool_option_output(
        node_pool_option_id="all",
        compartment_id=args.compartment,
        node_pool_k8s_version=args.kubernetes_version,
        node_pool_os_arch="AARCH64" if ".A" in args.nodes.size else "X86_64",
        node_pool_os_type="OL8",
    )
    newest: pulumi.Output[str] = options.sources.apply(lambda found: found[0].image_id)
    return newest
