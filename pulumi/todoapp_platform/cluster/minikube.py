"""Minikube on this machine."""

from dataclasses import dataclass

import pulumi
from pulumi_command.local import Command, CommandArgs
from pulumi_kubernetes import ProviderArgs

from todoapp_platform.cluster import Cluster, as_kubectl_reaches

__all__ = ["Minikube", "MinikubeArgs"]

# With Calico the cluster enforces NetworkPolicies; Minikube's own network does not.
_START = (
    'minikube start --profile "$PROFILE" --kubernetes-version "$VERSION" --cpus "$CPUS" --memory "$MEMORY"'
    " --cni calico"
)
_DELETE = 'minikube delete --profile "$PROFILE"'
_KUBECONFIG = 'minikube --profile "$PROFILE" kubectl -- config view --minify --flatten --context "$PROFILE"'


@dataclass(frozen=True)
class MinikubeArgs:
    """A profile with `cpus` processors and `memory` (such as 10g). Without `create` it has to run already."""

    profile: str = "todoapp"
    create: bool = True
    kubernetes_version: str = "stable"
    cpus: int = 4
    memory: str = "10g"


class Minikube(Cluster):
    """A Minikube profile, started by the `minikube` command, or one that runs already."""

    def __init__(self, name: str, args: MinikubeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("Minikube", name, opts)
        reached = self._started(name, args) if args.create else as_kubectl_reaches(args.profile)
        self._reached(name, f"minikube-{args.profile}", reached)

    def _started(self, name: str, args: MinikubeArgs) -> ProviderArgs:
        """Start the profile and read its kubeconfig.

        Later a context alone would be enough, but in the first preview the cluster would seem unreachable.
        """
        profile = {"PROFILE": args.profile}
        machine = Command(
            name,
            CommandArgs(
                create=_START,
                delete=_DELETE,
                environment={
                    **profile,
                    "VERSION": args.kubernetes_version,
                    "CPUS": str(args.cpus),
                    "MEMORY": args.memory,
                },
            ),
            pulumi.ResourceOptions(parent=self),
        )
        kubeconfig = Command(
            f"{name}-kubeconfig",
            CommandArgs(create=_KUBECONFIG, environment=profile, triggers=[machine.id]),
            pulumi.ResourceOptions(parent=self, depends_on=[machine], additional_secret_outputs=["stdout"]),
        )
        return ProviderArgs(kubeconfig=pulumi.Output.secret(kubeconfig.stdout))
