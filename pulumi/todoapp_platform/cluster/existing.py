"""A cluster that exists already."""

from dataclasses import dataclass

import pulumi

from todoapp_platform.cluster import Cluster, as_kubectl_reaches
from todoapp_platform.user_error import UserError

__all__ = ["Existing", "ExistingArgs"]


@dataclass(frozen=True)
class ExistingArgs:
    """The cluster's `context` in the kubeconfig, as `kubectl config get-contexts` lists it."""

    context: str

    def __post_init__(self) -> None:
        if not self.context:
            raise UserError(
                "An existing cluster needs the name of its context; `kubectl config get-contexts` lists them."
            )


class Existing(Cluster):
    """A cluster of one's own, reached as kubectl reaches it."""

    def __init__(self, name: str, args: ExistingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("Existing", name, opts)
        self._reached(name, args.context, as_kubectl_reaches(args.context))
