"""KEDA, which scales processes by the events that wait for them."""

from dataclasses import dataclass

import pulumi

from todoapp_platform.manifest import namespace
from todoapp_platform.network import network_policies
from todoapp_platform.release import release
from todoapp_platform.versions import KEDA

__all__ = ["Keda", "KedaArgs"]

NAMESPACE = "keda"


@dataclass(frozen=True)
class KedaArgs:
    """What can be chosen of KEDA. Only one of several replicas works; the others take over."""

    replicas: int = 1


class Keda(pulumi.ComponentResource):
    """KEDA from its Helm chart, in its own namespace."""

    def __init__(self, name: str, args: KedaArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("todoapp:platform:Keda", name, None, opts)
        inside = namespace(name, NAMESPACE, opts=pulumi.ResourceOptions(parent=self))
        network_policies(
            name, "production/keda.yaml", NAMESPACE, pulumi.ResourceOptions(parent=self, depends_on=[inside])
        )
        release(
            name,
            KEDA,
            called="keda",
            namespace=NAMESPACE,
            values={
                "operator": {"replicaCount": args.replicas},
                "metricsServer": {"replicaCount": args.replicas},
                "webhooks": {"replicaCount": args.replicas},
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[inside]),
        )
        self.register_outputs({})
