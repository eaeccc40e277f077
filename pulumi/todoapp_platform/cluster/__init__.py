"""Kubernetes clusters to install on, one module for each: to import the SDK of a cloud takes seconds."""

import re
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes import Provider, ProviderArgs

from todoapp_platform.user_error import UserError

__all__ = ["Cluster", "Nodes", "as_kubectl_reaches"]

# What all of Minikube and the clouds take as a name.
_NAME = re.compile(r"[a-z]([-a-z0-9]{0,38}[a-z0-9])?")


@dataclass(frozen=True)
class Nodes:
    """Machines of one size, as the cloud names it, whose number follows the load within bounds."""

    size: str
    least: int
    most: int

    def __post_init__(self) -> None:
        if not self.size:
            raise UserError("The nodes need a size that the cloud knows, such as Standard_D4s_v5 on Azure.")
        if not 1 <= self.least <= self.most:
            raise UserError(
                f"From {self.least} to {self.most} nodes is not a range; "
                "the least must be between 1 and the most."
            )


def as_kubectl_reaches(context: str) -> ProviderArgs:
    """A cluster by its `context`, in the files that `KUBECONFIG` lists.

    An empty kubeconfig is said, as the SDK would take that variable's text for the content of one, which a
    list of files is not.
    """
    return ProviderArgs(context=context, kubeconfig="")


class Cluster(pulumi.ComponentResource):
    """A Kubernetes cluster, created here or before.

    What is made with its `provider` is made on this cluster.

    Outputs:
        identifier: names the cluster, and stays the same when its address and certificates change.
    """

    provider: Provider
    identifier: pulumi.Output[str]

    def __init__(self, type_name: str, name: str, opts: pulumi.ResourceOptions | None) -> None:
        if not _NAME.fullmatch(name):
            raise UserError(
                f"'{name}' is not a valid name of a cluster; write up to 40 small letters, digits and "
                "hyphens, beginning with a letter, such as todoapp."
            )
        super().__init__(f"todoapp:platform:{type_name}", name, None, opts)

    def _reached(self, name: str, identifier: str, args: ProviderArgs) -> None:
        """Make the provider of the cluster, which `identifier` names for its whole life.

        Without an identifier, a kubeconfig that changed would replace everything on the cluster. What Pulumi
        declares is Pulumi's: a field that kubectl or Argo CD wrote by hand would otherwise end every update.
        """
        args.cluster_identifier = identifier
        args.enable_patch_force = True
        self.provider = Provider(name, args, pulumi.ResourceOptions(parent=self))
        self.identifier = pulumi.Output.from_input(identifier)
        self.register_outputs({"identifier": self.identifier})
