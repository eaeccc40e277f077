"""How to reach the broker of a TodoApp, and what the TodoApp is called there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from todoapp_operator.render.identity import object_name
from todoapp_operator.resource.backing_services import Broker, Kafka, SecretRef, Strimzi
from todoapp_operator.resource.component import Component
from todoapp_operator.resource.spec import TodoApp

__all__ = [
    "Connection",
    "broker",
    "connection",
    "kafka_authority",
    "kafka_credentials",
    "kafka_user",
    "strimzi_ca_secret",
]


def broker(app: TodoApp) -> Broker:
    """The broker on a cluster, where a TodoApp that names none uses Strimzi's `kafka`."""
    return app.spec.broker or _DEFAULT


_DEFAULT = Broker(strimzi=Strimzi())


@dataclass(frozen=True)
class Connection:
    """Where the brokers are, and the Secrets that open them.

    `credentials` has the keys `username` and `password`, and so has each of `own_credentials`, where every
    process is a user of its own. `certificate` has the keys `tls.crt` and `tls.key`, `authority` the key
    `ca.crt`; public authorities count where it is absent.
    """

    brokers: tuple[str, ...]
    credentials: str | None = None
    own_credentials: Mapping[Component, str] = field(default_factory=dict)
    mechanism: Literal["SHA-256", "SHA-512"] = "SHA-512"
    certificate: str | None = None
    authority: str | None = None

    @property
    def by_password(self) -> bool:
        return bool(self.credentials or self.own_credentials)

    @property
    def encrypted(self) -> bool:
        return self.by_password or any((self.certificate, self.authority))

    def credentials_of(self, component: Component) -> str | None:
        return self.own_credentials.get(component, self.credentials)


def connection(app: TodoApp, broker: Broker) -> Connection:
    if broker.strimzi is not None:
        return Connection(
            (_bootstrap(broker.strimzi),),
            own_credentials={component: kafka_credentials(app, component) for component in Component},
            authority=kafka_authority(app),
        )
    if broker.redpanda is not None:
        return Connection(broker.redpanda.brokers, credentials=broker.redpanda.credentials_secret_ref.name)
    if broker.kafka is not None:
        return _kafka(broker.kafka)
    raise AssertionError("a Broker names exactly one kind")


def _bootstrap(strimzi: Strimzi) -> str:
    return f"{strimzi.cluster}-kafka-bootstrap.{strimzi.namespace}.svc:9093"


def _kafka(kafka: Kafka) -> Connection:
    return Connection(
        kafka.brokers,
        credentials=_name(kafka.credentials_secret_ref),
        mechanism=kafka.mechanism,
        certificate=_name(kafka.certificate_secret_ref),
        authority=_name(kafka.ca_secret_ref),
    )


def _name(secret: SecretRef | None) -> str | None:
    return secret.name if secret else None


def kafka_user(app: TodoApp, component: Component) -> str:
    """A process's KafkaUser. It lies in Kafka's namespace, with the users of other namespaces' TodoApps."""
    return object_name(app.metadata.namespace, app.metadata.name, component)


def kafka_authority(app: TodoApp) -> str:
    """The Secret beside the TodoApp with the CA that Strimzi keeps in Kafka's namespace."""
    return f"{app.metadata.name}-kafka"


def kafka_credentials(app: TodoApp, component: Component) -> str:
    """The Secret beside the TodoApp with a process's user, whose password Strimzi keeps likewise."""
    return f"{app.metadata.name}-kafka-{component}"


def strimzi_ca_secret(strimzi: Strimzi) -> str:
    return f"{strimzi.cluster}-cluster-ca-cert"
