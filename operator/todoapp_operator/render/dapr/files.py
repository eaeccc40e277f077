"""Dapr's resources as the files that a sidecar on this machine, the Dapr CLI or kubectl reads."""

from collections.abc import Iterable, Mapping
from pathlib import PurePath, PurePosixPath

from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.render.dapr.policies import configuration, resiliency
from todoapp_operator.render.dapr.pubsub import embedded_pubsub, kafka_pubsub
from todoapp_operator.render.dapr.stores import cluster_stores, compose_stores, laptop_stores
from todoapp_operator.render.dapr.subscriptions import subscriptions
from todoapp_operator.render.names import LAPTOP
from todoapp_operator.resource.backing_services import Broker, Kafka, Redpanda, SecretRef, Strimzi
from todoapp_operator.resource.spec import TodoApp

__all__ = ["Files", "laptop_files", "published_files"]

Files = Mapping[PurePosixPath, Manifest]
"""One manifest a file, because daprd overlooks a Resiliency that is not the first of its file."""

_BROKERS = {
    "strimzi": Broker(strimzi=Strimzi()),
    "redpanda": Broker(
        redpanda=Redpanda(
            brokers=("seed.example.cloud.redpanda.com:9092",),
            credentials_secret_ref=SecretRef(name="redpanda"),
        )
    ),
    "kafka": Broker(kafka=Kafka(brokers=("localhost:9092",))),
}
_IN_COMPOSE = Broker(kafka=Kafka(brokers=("kafka:9092",)))
_SECRETS_IN_COMPOSE = PurePath("/run/secrets")


def laptop_files(app: TodoApp, folder: PurePath, *, broker: Broker | None) -> Files:
    """What the sidecars of `todoappctl run` read: `resources/` and `config.yaml`.

    State and secrets are in `folder`. Without `broker` the embedded one carries the events.
    """
    pubsub = (
        kafka_pubsub(app, broker, LAPTOP, secret_store=LAPTOP.secret_store) if broker else embedded_pubsub()
    )
    resources = [*pubsub, *laptop_stores(folder), *subscriptions(app, LAPTOP)]
    return {
        **_named(PurePosixPath("resources"), resources),
        PurePosixPath("resources/resiliency.yaml"): resiliency(app, LAPTOP),
        PurePosixPath("config.yaml"): configuration(app, LAPTOP),
    }


def published_files(app: TodoApp) -> Files:
    """The folder `dapr/`: a set of components for each broker, and what all of them share."""
    sets = {
        "embedded": embedded_pubsub() + laptop_stores(PurePath(".todoapp")),
        **{
            name: kafka_pubsub(app, broker, LAPTOP) + cluster_stores(app, LAPTOP)
            for name, broker in _BROKERS.items()
        },
        "cli": kafka_pubsub(app, _BROKERS["kafka"], LAPTOP) + laptop_stores(PurePath(".todoapp")),
        "compose": kafka_pubsub(app, _IN_COMPOSE, LAPTOP, secret_store=LAPTOP.secret_store)
        + compose_stores(app, _SECRETS_IN_COMPOSE),
    }
    files = _named(PurePosixPath("subscriptions"), subscriptions(app, LAPTOP))
    for name, components in sets.items():
        files |= _named(PurePosixPath("components", name), components)
    return {
        **files,
        PurePosixPath("resiliency.yaml"): resiliency(app, LAPTOP),
        PurePosixPath("config.yaml"): configuration(app, LAPTOP),
    }


def _named(folder: PurePosixPath, manifests: Iterable[Manifest]) -> dict[PurePosixPath, Manifest]:
    return {folder / f"{manifest['metadata']['name']}.yaml": manifest for manifest in manifests}
