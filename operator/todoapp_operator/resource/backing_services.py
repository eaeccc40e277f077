"""What a TodoApp stands on: its database, its broker and the topics there."""

from typing import ClassVar, Literal

from pydantic import Field

from todoapp_operator.resource.rules import Part, Rule, Transition, exactly_one
from todoapp_operator.resource.values import (
    Address,
    Count,
    Label,
    ObjectName,
    Period,
    Port,
    Quantity,
    SecretKey,
    TopicName,
)
from todoapp_operator.resource.workload import Resources, SecretKeyRef

__all__ = [
    "Broker",
    "Database",
    "DatabaseCluster",
    "Kafka",
    "Redpanda",
    "SecretRef",
    "Strimzi",
    "Topic",
    "Topics",
]


class SecretRef(Part):
    """A whole Secret in the TodoApp's namespace."""

    name: ObjectName
    """Name of the Secret."""


class DatabaseSecretRef(SecretKeyRef):
    """The Secret key that holds a PostgreSQL URL, `postgresql://user:password@host:5432/name`."""

    key: SecretKey = "url"
    """Key within the Secret."""


class DatabaseCluster(Part):
    """A CloudNativePG cluster that the operator creates and owns."""

    instances: Count = 1
    """PostgreSQL servers: one primary, the others stand-bys."""
    storage: Quantity = "1Gi"
    """Size of each server's volume."""
    storage_class: ObjectName | None = None
    """StorageClass of the volumes; the cluster's default when absent."""
    resources: Resources = Field(default_factory=Resources)
    """CPU and memory of each server."""
    deletion_policy: Literal["Retain", "Delete"] = "Retain"
    """What becomes of the database when the TodoApp is deleted."""

    transitions: ClassVar = (
        Transition(
            field="storage",
            sentence="`storage` may only grow, because a volume cannot shrink",
            cel="quantity(string(self.storage)).compareTo(quantity(string(oldSelf.storage))) >= 0",
        ),
        Transition(
            field="storageClass",
            sentence="`storageClass` cannot change, because volumes exist already",
            cel="has(self.storageClass) == has(oldSelf.storageClass) && "
            "(!has(self.storageClass) || self.storageClass == oldSelf.storageClass)",
        ),
    )


class Database(Part):
    """Where tasks and users are kept."""

    secret_ref: DatabaseSecretRef | None = None
    """Any PostgreSQL, by its URL in a Secret."""
    port: Port = 5432
    """Port in that URL: NetworkPolicies let no other through."""
    cluster: DatabaseCluster | None = None
    """A CloudNativePG cluster of this TodoApp's own."""

    rules: ClassVar = (exactly_one("secretRef", "cluster"),)


class Strimzi(Part):
    """A Kafka cluster run by Strimzi; topics and user are created as its resources."""

    cluster: Label = "kafka"
    """Name of the Kafka resource."""
    namespace: Label = "kafka"
    """Namespace of the Kafka resource."""


class Redpanda(Part):
    """Redpanda Cloud, reached with SASL (SCRAM-SHA-512) over TLS."""

    brokers: tuple[Address, ...] = Field(min_length=1, max_length=16)
    """Seed brokers, `host:port`."""
    credentials_secret_ref: SecretRef
    """Secret with the keys `username` and `password`."""


class Kafka(Part):
    """Any other Kafka, 2.0 or newer."""

    brokers: tuple[Address, ...] = Field(min_length=1, max_length=16)
    """Bootstrap brokers, `host:port`."""
    auth: Literal["none", "scram", "mtls"] = "none"
    """How to prove who we are: not at all, by password, or by client certificate."""
    mechanism: Literal["SHA-256", "SHA-512"] = "SHA-512"
    """Hash of the SCRAM exchange, for `auth: scram`."""
    credentials_secret_ref: SecretRef | None = None
    """Secret with the keys `username` and `password`, for `auth: scram`."""
    certificate_secret_ref: SecretRef | None = None
    """Secret with the keys `tls.crt` and `tls.key`, for `auth: mtls`."""
    ca_secret_ref: SecretRef | None = None
    """Secret with the key `ca.crt` that signs the brokers' certificates; public authorities when absent."""

    rules: ClassVar = (
        Rule(
            field="credentialsSecretRef",
            sentence="`credentialsSecretRef` belongs to `auth: scram`, and `auth: scram` needs it",
            cel="has(self.credentialsSecretRef) == (self.auth == 'scram')",
            holds=lambda kafka: (kafka.credentials_secret_ref is not None) == (kafka.auth == "scram"),
        ),
        Rule(
            field="certificateSecretRef",
            sentence="`certificateSecretRef` belongs to `auth: mtls`, and `auth: mtls` needs it",
            cel="has(self.certificateSecretRef) == (self.auth == 'mtls')",
            holds=lambda kafka: (kafka.certificate_secret_ref is not None) == (kafka.auth == "mtls"),
        ),
        # Dapr's Kafka component crashes on a client certificate without a CA.
        Rule(
            field="caSecretRef",
            sentence="`auth: mtls` needs `caSecretRef`",
            cel="self.auth != 'mtls' || has(self.caSecretRef)",
            holds=lambda kafka: kafka.auth != "mtls" or kafka.ca_secret_ref is not None,
        ),
    )


class Broker(Part):
    """What carries events from process to process."""

    strimzi: Strimzi | None = None
    """A Kafka cluster run by Strimzi."""
    redpanda: Redpanda | None = None
    """Redpanda Cloud."""
    kafka: Kafka | None = None
    """Any other Kafka."""

    rules: ClassVar = (exactly_one("strimzi", "redpanda", "kafka"),)


class Topic(Part):
    """One topic's name and size. Its dead-letter topic is `<name>-dead-letter`."""

    name: TopicName
    """Name on the broker; another than the default only with `broker.redpanda` or `broker.kafka`."""
    partitions: Count = 3
    """Partitions: the most consumers of one group that share the work."""
    retention: Period
    """How long the broker keeps an event."""

    rules: ClassVar = (
        Rule(
            field="name",
            sentence="a topic's name may not end in '-dead-letter', which names the topic of its failures",
            cel="!self.name.endsWith('-dead-letter')",
            holds=lambda topic: not topic.name.endswith("-dead-letter"),
        ),
    )
    transitions: ClassVar = (
        Transition(
            field="partitions",
            sentence="`partitions` may only grow, because Kafka cannot take a partition away",
            cel="self.partitions >= oldSelf.partitions",
        ),
    )

    @property
    def dead_letter(self) -> str:
        return f"{self.name}-dead-letter"


class TaskEvents(Topic):
    """What happened to tasks; read by `recurrence`."""

    name: TopicName = "task-events"
    """Name on the broker; another than the default only with `broker.redpanda` or `broker.kafka`."""
    retention: Period = "7d"
    """How long the broker keeps an event."""


class Reminders(Topic):
    """Reminders scheduled, cancelled and triggered; read by `notification`."""

    name: TopicName = "reminders"
    """Name on the broker; another than the default only with `broker.redpanda` or `broker.kafka`."""
    retention: Period = "24h"
    """How long the broker keeps an event."""


class TaskUpdates(Topic):
    """Every change of a user's data; read by each replica of `api`."""

    name: TopicName = "task-updates"
    """Name on the broker; another than the default only with `broker.redpanda` or `broker.kafka`."""
    retention: Period = "1h"
    """How long the broker keeps an event."""


class ActivityLogs(Topic):
    """The activity log, for consumers outside."""

    name: TopicName = "activity-logs"
    """Name on the broker; another than the default only with `broker.redpanda` or `broker.kafka`."""
    retention: Period = "30d"
    """How long the broker keeps an event."""


_NAMES = "[self.taskEvents.name, self.reminders.name, self.taskUpdates.name, self.activityLogs.name]"


class Topics(Part):
    """The four topics of a TodoApp."""

    task_events: TaskEvents = Field(default_factory=TaskEvents)
    """What happened to tasks."""
    reminders: Reminders = Field(default_factory=Reminders)
    """Reminders scheduled, cancelled and triggered."""
    task_updates: TaskUpdates = Field(default_factory=TaskUpdates)
    """Every change of a user's data."""
    activity_logs: ActivityLogs = Field(default_factory=ActivityLogs)
    """The activity log."""

    rules: ClassVar = (
        Rule(
            field="taskEvents",
            sentence="the four topics must have different names",
            cel=f"{_NAMES}.all(one, {_NAMES}.exists_one(other, other == one))",
            holds=lambda topics: len({topic.name for topic in topics.all}) == len(topics.all),
        ),
    )

    @property
    def all(self) -> tuple[Topic, ...]:
        return self.task_events, self.reminders, self.task_updates, self.activity_logs
