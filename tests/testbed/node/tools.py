"""The programs that make a node of a machine, built as the control plane is."""

from testbed.control_plane.artifacts.go_modules import GoTool
from testbed.control_plane.artifacts.tools import kubernetes_tool
from testbed.kubernetes.tools import PINS

__all__ = ["COREDNS", "KUBELET", "KUBE_PROXY"]

KUBELET = kubernetes_tool("kubelet", cpu_minutes=0.7)
KUBE_PROXY = kubernetes_tool("kube-proxy", cpu_minutes=0.3)
COREDNS = GoTool(
    "coredns",
    module="github.com/coredns/coredns",
    package=".",
    pinned_by=PINS / "coredns",
    cpu_minutes=2.5,
)
