"""Topics, user and rights of a TodoApp on a Redpanda Cloud cluster."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pulumi
from pulumi_random import RandomPassword, RandomPasswordArgs
from pulumiverse_redpanda import Acl, Topic, TopicArgs, User, UserArgs

from todoapp_platform.manifest import Manifest
from todoapp_platform.todo_app_spec import Broker
from todoapp_platform.user_error import UserError

__all__ = ["TOPICS", "EventTopic", "RedpandaCloudArgs", "use_redpanda"]

USER = "todo"
_SECRET = "redpanda"  # noqa: S105 - the name of a Secret
# Redpanda Cloud always keeps three copies; any other number would be drift at every preview.
_COPIES = 3


@dataclass(frozen=True)
class EventTopic:
    """One topic of a TodoApp. Events that it fails to `read` go to `<name>-dead-letter`."""

    name: str
    retention: timedelta
    partitions: int = 3
    read: bool = True

    @property
    def dead_letter(self) -> "EventTopic":
        return EventTopic(f"{self.name}-dead-letter", timedelta(days=30), partitions=1)


TOPICS = (
    EventTopic("task-events", timedelta(days=7)),
    EventTopic("reminders", timedelta(hours=24)),
    EventTopic("task-updates", timedelta(hours=1)),
    EventTopic("activity-logs", timedelta(days=30), read=False),
)
"""The topics of a TodoApp that names no others in `spec.topics`."""


@dataclass(frozen=True)
class RedpandaCloudArgs:
    """A cluster in Redpanda Cloud that exists: `brokers` are its seed brokers, `cluster_api_url` manages it.

    The cluster's console shows both. The provider asks Redpanda Cloud as `REDPANDA_CLIENT_ID` and
    `REDPANDA_CLIENT_SECRET` say.
    """

    brokers: tuple[str, ...]
    cluster_api_url: str
    topics: tuple[EventTopic, ...] = TOPICS

    def __post_init__(self) -> None:
        if not self.brokers or not all(":" in broker for broker in self.brokers):
            raise UserError(
                "Redpanda's seed brokers are missing or have no port; name one or more as host:port, such as "
                "seed-1a2b.example.cloud.redpanda.com:9092."
            )
        if not self.cluster_api_url.startswith("https://"):
            raise UserError(
                f"'{self.cluster_api_url}' is not the address of a Redpanda cluster's API; "
                "it starts with https://."
            )


def use_redpanda(name: str, args: RedpandaCloudArgs, todo_namespace: str, parent: pulumi.Resource) -> Broker:
    """Create topics, the user `todo` and what it may do, and leave its password in the TodoApp's namespace.

    Returns:
        `spec.broker` of a TodoApp in the namespace `todo_namespace`.
    """
    inside = pulumi.ResourceOptions(parent=parent)
    password = RandomPassword(name, RandomPasswordArgs(length=32, special=False), inside)
    user = User(
        name,
        UserArgs(
            cluster_api_url=args.cluster_api_url,
            name=USER,
            password=password.result,
            mechanism="scram-sha-512",
        ),
        inside,
    )
    for topic in _with_dead_letters(args.topics):
        _create(f"{name}-{topic.name}", topic, args, parent)
        operations = ("DESCRIBE", "READ", "WRITE") if topic.read else ("DESCRIBE", "WRITE")
        _allow(name, args, "TOPIC", topic.name, "LITERAL", operations, user)
    _allow(name, args, "GROUP", f"{todo_namespace}.todo-", "PREFIXED", ("DESCRIBE", "READ"), user)
    Manifest(
        f"{name}-credentials",
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": _SECRET, "namespace": todo_namespace},
            "stringData": {"username": USER, "password": password.result},
        },
        inside,
    )
    return {"redpanda": {"brokers": args.brokers, "credentialsSecretRef": {"name": _SECRET}}}


def _with_dead_letters(topics: tuple[EventTopic, ...]) -> Iterator[EventTopic]:
    for topic in topics:
        yield topic
        if topic.read:
            yield topic.dead_letter


def _create(name: str, topic: EventTopic, args: RedpandaCloudArgs, parent: pulumi.Resource) -> None:
    Topic(
        name,
        TopicArgs(
            cluster_api_url=args.cluster_api_url,
            name=topic.name,
            partition_count=topic.partitions,
            replication_factor=_COPIES,
            configuration={"retention.ms": str(topic.retention // timedelta(milliseconds=1))},
            allow_deletion=False,
        ),
        pulumi.ResourceOptions(parent=parent),
    )


def _allow(
    name: str,
    args: RedpandaCloudArgs,
    kind: str,
    resource: str,
    pattern: str,
    operations: tuple[str, ...],
    user: User,
) -> None:
    for operation in operations:
        Acl(
            f"{name}-{kind}-{resource}-{operation}".lower(),
            cluster_api_url=args.cluster_api_url,
            principal=f"User:{USER}",
            host="*",
            operation=operation,
            permission_type="ALLOW",
            resource_type=kind,
            resource_name_=resource,
            resource_pattern_type=pattern,
            opts=pulumi.ResourceOptions(parent=user),
        )
