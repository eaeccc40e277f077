"""The Dapr control plane."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi

from todoapp_platform.amounts import require_size
from todoapp_platform.manifest import namespace
from todoapp_platform.network import network_policies
from todoapp_platform.release import release
from todoapp_platform.versions import DAPR

__all__ = ["Dapr", "DaprArgs"]

NAMESPACE = "dapr-system"
_WITHOUT_SIDECARS = {
    "key": "kubernetes.io/metadata.name",
    "operator": "NotIn",
    "values": [NAMESPACE, "kube-system"],
}


@dataclass(frozen=True)
class DaprArgs:
    """What can be chosen of Dapr.

    `scheduler_storage` is the size of each scheduler's volume, where jobs are kept. It cannot be changed
    later, because a StatefulSet's volume claims cannot. Only pods with `sidecars_for` as labels may have a
    sidecar; an empty mapping lets all have one.
    """

    high_availability: bool = False
    scheduler_storage: str = "16Gi"
    sidecars_for: Mapping[str, str] = field(default_factory=lambda: {"app.kubernetes.io/name": "todoapp"})

    def __post_init__(self) -> None:
        require_size(self.scheduler_storage, of="a scheduler's volume")


class Dapr(pulumi.ComponentResource):
    """Dapr from its Helm chart, in its own namespace.

    Outputs:
        namespace: where the control plane runs.
    """

    namespace: pulumi.Output[str]

    def __init__(self, name: str, args: DaprArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("todoapp:platform:Dapr", name, None, opts)
        inside = namespace(name, NAMESPACE, opts=pulumi.ResourceOptions(parent=self))
        network_policies(
            name, "base/dapr-system.yaml", NAMESPACE, pulumi.ResourceOptions(parent=self, depends_on=[inside])
        )
        release(
            name,
            DAPR,
            called="dapr",
            namespace=NAMESPACE,
            values={
                "global": {
                    "logAsJson": True,
                    "ha": {"enabled": args.high_availability},
                    "mtls": {"enabled": True},
                },
                # By default a pod whose sidecar could not be injected starts without, and receives no event.
                # While the injector is away no pod that it is asked about starts: neither its own nor the
                # cluster's may be among them.
                "dapr_sidecar_injector": {
                    "webhookFailurePolicy": "Fail",
                    "namespaceSelector": {"matchExpressions": [_WITHOUT_SIDECARS]},
                    "objectSelector": {"matchLabels": args.sidecars_for} if args.sidecars_for else {},
                    "sidecarRunAsNonRoot": True,
                    "sidecarReadOnlyRootFilesystem": True,
                    "sidecarDropALLCapabilities": True,
                },
                "dapr_scheduler": {
                    "cluster": {"storageSize": args.scheduler_storage, "inMemoryStorage": False}
                },
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[inside]),
        )
        self.namespace = pulumi.Output.from_input(NAMESPACE)
        self.register_outputs({"namespace": self.namespace})
