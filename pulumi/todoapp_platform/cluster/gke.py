"""Google Kubernetes Engine."""

from dataclasses import dataclass
from typing import Any

import pulumi
import yaml
from pulumi_gcp import container
from pulumi_kubernetes import ProviderArgs

from todoapp_platform.cluster import Cluster, Nodes
from todoapp_platform.user_error import UserError

__all__ = ["Gke", "GkeArgs"]


@dataclass(frozen=True)
class GkeArgs:
    """A cluster over all zones of `region` (such as europe-west1) in `project`.

    Without `nodes` it is an Autopilot cluster, on which Google chooses the machines. `protect` makes Google
    refuse to delete it. An empty `kubernetes_version` is the default of Google's regular channel.
    """

    project: str
    region: str
    nodes: Nodes | None = None
    kubernetes_version: str = ""
    protect: bool = False

    def __post_init__(self) -> None:
        if not self.project:
            raise UserError("GKE needs a project; `gcloud projects list` lists yours.")
        if not self.region:
            raise UserError("GKE needs a region; `gcloud compute regions list` lists them.")


class Gke(Cluster):
    """A GKE cluster, Autopilot or Standard, with workload identity."""

    def __init__(self, name: str, args: GkeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("Gke", name, opts)
        autopilot = {"enable_autopilot": True, "ip_allocation_policy": {}}
        cluster = container.Cluster(
            name,
            name=name,
            project=args.project,
            location=args.region,
            min_master_version=args.kubernetes_version or None,
            release_channel=container.ClusterReleaseChannelArgs(channel="REGULAR"),
            deletion_protection=args.protect,
            **(_standard(args) if args.nodes else autopilot),
            opts=pulumi.ResourceOptions(parent=self),
        )
        last: Any = cluster
        if args.nodes:
            last = _pool(name, args, args.nodes, cluster)
        # Only with nodes is the cluster of use.
        kubeconfig = pulumi.Output.all(
            cluster.name, cluster.endpoint, cluster.master_auth.cluster_ca_certificate, last.id
        ).apply(lambda found: _kubeconfig(*found[:3]))
        self._reached(name, f"gke-{name}", ProviderArgs(kubeconfig=pulumi.Output.secret(kubeconfig)))


def _standard(args: GkeArgs) -> dict[str, Any]:
    """The default pool is replaced by one that can change without the cluster."""
    pool = container.ClusterWorkloadIdentityConfigArgs(workload_pool=f"{args.project}.svc.id.goog")
    return {
        "workload_identity_config": pool,
        # Dataplane V2 enforces NetworkPolicies.
        "datapath_provider": "ADVANCED_DATAPATH",
        "networking_mode": "VPC_NATIVE",
        "ip_allocation_policy": {},
        "remove_default_node_pool": True,
        "initial_node_count": 1,
    }


def _pool(name: str, args: GkeArgs, nodes: Nodes, cluster: Any) -> Any:
    return container.NodePool(
        name,
        name="nodes",
        project=args.project,
        cluster=cluster.name,
        location=args.region,
        autoscaling=container.NodePoolAutoscalingArgs(
            total_min_node_count=nodes.least, total_max_node_count=nodes.most, location_policy="BALANCED"
        ),
        node_config=container.NodePoolNodeConfigArgs(
            machine_type=nodes.size,
            oauth_scopes=["https://www.googleapis.com/auth/cloud-platform"],
            workload_metadata_config=container.NodePoolNodeConfigWorkloadMetadataConfigArgs(
                mode="GKE_METADATA"
            ),
        ),
        opts=pulumi.ResourceOptions(parent=cluster),
    )


def _kubeconfig(name: str, endpoint: str, authority: str) -> str:
    """Google's plug-in for kubectl signs in, so the file itself opens nothing."""
    plug_in = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": "gke-gcloud-auth-plugin",
        "installHint": "Install it with `gcloud components install gke-gcloud-auth-plugin`.",
        "interactiveMode": "Never",
        "provideClusterInfo": True,
    }
    server = {"server": f"https://{endpoint}", "certificate-authority-data": authority}
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": server}],
            "users": [{"name": name, "user": {"exec": plug_in}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "current-context": name,
        }
    )
