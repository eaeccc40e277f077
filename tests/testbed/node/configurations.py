"""Configuration files of the node's parts."""

import json
from typing import Any

from testbed.node.images import PAUSE
from testbed.node.machine import CNI_PLUGINS
from testbed.node.site import ADDRESS, NAME, PODS, NodeSite

__all__ = ["CONTAINERD_SOCKET", "write_configurations"]

CONTAINERD_SOCKET = "/run/containerd/containerd.sock"


def write_configurations(site: NodeSite) -> None:
    folder = site.configurations
    folder.mkdir()
    (folder / "containerd.toml").write_text(_containerd(site))
    (folder / "Corefile").write_text(_corefile(site))
    # Nothing on the node has to resolve a name outside it.
    (folder / "resolv.conf").write_text("")
    (folder / "hosts").write_text(f"127.0.0.1 localhost\n{ADDRESS} {NAME}\n")
    (folder / "cni").mkdir()
    for name, content in {
        "cni/pods.conflist": _pod_network(),
        "kubelet.yaml": _kubelet(site),
        "kube-proxy.yaml": _kube_proxy(site),
    }.items():
        (folder / name).write_text(json.dumps(content, indent=2))


def _containerd(site: NodeSite) -> str:
    """Without a score adjustment below its own, which takes a right that containers of CI machines lack."""
    return f"""
version = 2
root = "{site.folder}/containerd"
state = "/run/containerd"
disabled_plugins = [
    "io.containerd.internal.v1.opt",
    "io.containerd.internal.v1.tracing",
    "io.containerd.snapshotter.v1.aufs",
    "io.containerd.snapshotter.v1.btrfs",
    "io.containerd.snapshotter.v1.devmapper",
    "io.containerd.snapshotter.v1.zfs",
    "io.containerd.tracing.processor.v1.otlp",
]
[grpc]
address = "{CONTAINERD_SOCKET}"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{PAUSE}"
restrict_oom_score_adj = true
disable_apparmor = true
[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "overlayfs"
default_runtime_name = "runc"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "{CNI_PLUGINS}"
conf_dir = "{site.configurations}/cni"
"""


def _corefile(site: NodeSite) -> str:
    """CoreDNS: the names of the cluster; every other name does not exist."""
    return f"""
cluster.local:53 in-addr.arpa:53 {{
    errors
    kubernetes cluster.local in-addr.arpa {{
        kubeconfig {site.control_plane.credentials.admin}
        pods insecure
        ttl 5
    }}
}}
.:53 {{
    template ANY ANY . {{
        rcode NXDOMAIN
    }}
}}
"""


def _pod_network() -> dict[str, Any]:
    addresses = {
        "type": "host-local",
        "ranges": [[{"subnet": PODS}]],
        "routes": [{"dst": "0.0.0.0/0"}],
        "dataDir": "/run/cni-addresses",
    }
    # A pod may reach itself by its Service: hairpin.
    bridge = {"type": "bridge", "bridge": "cni0", "isGateway": True, "hairpinMode": True, "ipam": addresses}
    return {"cniVersion": "0.4.0", "name": "pods", "plugins": [bridge]}


def _kubelet(site: NodeSite) -> dict[str, Any]:
    files = site.identities
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "failCgroupV1": False,
        "cgroupDriver": "cgroupfs",
        "failSwapOn": False,
        "containerRuntimeEndpoint": f"unix://{CONTAINERD_SOCKET}",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(site.control_plane.credentials.authority)},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(files.kubelet_certificate),
        "tlsPrivateKeyFile": str(files.kubelet_key),
        "address": ADDRESS,
        "clusterDNS": [ADDRESS],
        "clusterDomain": "cluster.local",
        "resolvConf": str(site.configurations / "resolv.conf"),
        "podLogsDir": str(site.logs / "pods"),
        "volumePluginDir": str(site.folder / "volume-plugins"),
        "makeIPTablesUtilChains": False,
        "oomScoreAdj": 0,
        "maxOpenFiles": 20_000,
        # A full disk is the machine's affair, and the images cannot be fetched again.
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {"memory.available": "100Mi"},
        "nodeStatusUpdateFrequency": "5s",
        "syncFrequency": "10s",
    }


def _kube_proxy(site: NodeSite) -> dict[str, Any]:
    # The table of connections belongs to the whole machine: 0 leaves its size unchanged.
    untouched = {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"}
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "nftables",
        "clusterCIDR": PODS,
        "hostnameOverride": NAME,
        "bindAddress": ADDRESS,
        "clientConnection": {"kubeconfig": str(site.identities.kube_proxy)},
        "conntrack": untouched,
        "oomScoreAdj": 0,
        "nftables": {"syncPeriod": "30s", "minSyncPeriod": "0s"},
    }
