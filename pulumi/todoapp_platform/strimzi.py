"""A Kafka cluster that Strimzi runs inside the Kubernetes cluster."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import pulumi
import yaml

from todoapp_platform.amounts import require_size
from todoapp_platform.manifest import Manifest, namespace
from todoapp_platform.release import release
from todoapp_platform.todo_app_spec import Broker
from todoapp_platform.user_error import UserError
from todoapp_platform.versions import STRIMZI

__all__ = ["StrimziArgs", "run_kafka"]

CLUSTER = "kafka"
NAMESPACE = "kafka"
_DEVELOPMENT = ("development/single.yaml", "development/pool.yaml")
_PRODUCTION = ("production/replicated.yaml", "production/pools.yaml")


@dataclass(frozen=True)
class StrimziArgs:
    """How large the Kafka cluster is: `brokers` brokers, each with a volume of `storage`.

    One broker is a cluster for development, its own controller. Three or more keep every event three times,
    on nodes of different zones, and are controlled by three controllers beside them.

    Only TodoApps of the platform's namespace may use it, and those of `other_namespaces`.
    """

    brokers: int = 1
    storage: str = "10Gi"
    other_namespaces: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.brokers != 1 and self.brokers < 3:
            raise UserError(
                f"A Kafka cluster of {self.brokers} brokers cannot lose one; choose 1 for development, "
                "or 3 or more."
            )
        require_size(self.storage, of="a broker's volume")

    @property
    def replicated(self) -> bool:
        return self.brokers > 1


def run_kafka(
    name: str, args: StrimziArgs, *, todo_namespace: str, monitored: bool, parent: pulumi.Resource
) -> Broker:
    """Install Strimzi and the cluster `kafka`. Topics and users come with each TodoApp, from our operator.

    Everything is in the namespace `kafka`, which Strimzi's operator watches; TodoApps in `todo_namespace` may
    use it. `monitored` lets the Prometheus operator, which has to be there, find a cluster of several
    brokers.

    Returns:
        `spec.broker` of a TodoApp.
    """
    inside = namespace(name, NAMESPACE, opts=pulumi.ResourceOptions(parent=parent))
    [policy] = _read("base/network.yaml")
    Manifest(f"{name}-network", policy, pulumi.ResourceOptions(parent=parent, depends_on=[inside]))
    before: list[pulumi.Resource] = [
        release(
            name,
            STRIMZI,
            called="strimzi",
            namespace=NAMESPACE,
            values={"replicas": 2 if args.replicated else 1},
            opts=pulumi.ResourceOptions(parent=parent, depends_on=[inside]),
        )
    ]
    monitors = _read("production/pod-monitor.yaml") if args.replicated and monitored else []
    for manifests in (_pools(args), [_cluster(args, todo_namespace)], monitors):
        before = [
            Manifest(
                f"{name}-{manifest['kind']}-{manifest['metadata']['name']}".lower(),
                manifest,
                pulumi.ResourceOptions(parent=parent, depends_on=before),
            )
            for manifest in manifests
        ] or before
    return {"strimzi": {"cluster": CLUSTER, "namespace": NAMESPACE}}


def _pools(args: StrimziArgs) -> list[dict[str, Any]]:
    _, file = _PRODUCTION if args.replicated else _DEVELOPMENT
    return [_sized(pool, args) if "broker" in pool["spec"]["roles"] else pool for pool in _read(file)]


def _sized(pool: dict[str, Any], args: StrimziArgs) -> dict[str, Any]:
    spec = pool["spec"]
    [volume] = spec["storage"]["volumes"]
    storage = {**spec["storage"], "volumes": [{**volume, "size": args.storage}]}
    return {**pool, "spec": {**spec, "replicas": args.brokers, "storage": storage}}


def _cluster(args: StrimziArgs, todo_namespace: str) -> dict[str, Any]:
    file, _ = _PRODUCTION if args.replicated else _DEVELOPMENT
    [every], [this] = _read("base/kafka.yaml"), _read(file)
    annotations = {
        "todoapp.dev/allow-namespaces": ",".join((todo_namespace, *args.other_namespaces)),
        "pulumi.com/waitFor": "condition=Ready",
        "pulumi.com/timeoutSeconds": "1200",
    }
    return _merged(_merged(every, this), {"metadata": {"annotations": annotations}})


def _read(file: str) -> list[dict[str, Any]]:
    """The manifests of a file in `strimzi/`, in Kafka's namespace."""
    written = (files(__package__) / "manifests/strimzi" / file).read_bytes()
    place = {"metadata": {"namespace": NAMESPACE}}
    return [_merged(manifest, place) for manifest in yaml.safe_load_all(written)]


def _merged(manifest: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """As kustomize merges a patch of mappings."""
    both = {
        name: _merged(manifest[name], value) if isinstance(value, Mapping) else value
        for name, value in change.items()
        if name in manifest
    }
    return {**manifest, **change, **both}
