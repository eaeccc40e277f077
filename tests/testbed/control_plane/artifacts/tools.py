"""The programs of the control plane, and their versions."""

from pathlib import Path

from testbed.control_plane.artifacts.go_modules import GoTool

__all__ = ["API_SERVER", "CONTROLLER_MANAGER", "ETCD", "KWOK", "SCHEDULER", "kubernetes_tool"]

_PINS = Path(__file__).with_name("pins")

_KUBERNETES_VERSION = (
    "-X k8s.io/component-base/version.gitVersion=v{version} "
    "-X k8s.io/component-base/version.gitMajor={major} "
    "-X k8s.io/component-base/version.gitMinor={minor}"
)


def kubernetes_tool(name: str, *, cpu_minutes: float) -> GoTool:
    """A program of Kubernetes itself, as in `kubectl`; pins/kubernetes/go.mod lists those that are pinned."""
    return GoTool(
        name,
        module="k8s.io/kubernetes",
        package=f"k8s.io/kubernetes/cmd/{name}",
        pinned_by=_PINS / "kubernetes",
        cpu_minutes=cpu_minutes,
        linker_flags=_KUBERNETES_VERSION,
    )


API_SERVER = kubernetes_tool("kube-apiserver", cpu_minutes=7)
CONTROLLER_MANAGER = kubernetes_tool("kube-controller-manager", cpu_minutes=2)
SCHEDULER = kubernetes_tool("kube-scheduler", cpu_minutes=0.2)
ETCD = GoTool(
    "etcd",
    module="go.etcd.io/etcd/server/v3",
    package="go.etcd.io/etcd/server/v3",
    pinned_by=_PINS / "etcd",
    cpu_minutes=1,
)
KWOK = GoTool(
    "kwok",
    module="sigs.k8s.io/kwok",
    package="sigs.k8s.io/kwok/cmd/kwok",
    pinned_by=_PINS / "kwok",
    cpu_minutes=2,
    # What a node and a pod go through, by its own definition.
    files=("kustomize/stage/node/fast/node-*.yaml", "kustomize/stage/pod/fast/pod-*.yaml"),
)
