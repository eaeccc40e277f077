"""Topics and users of a TodoApp in a Kafka that Strimzi runs; they lie in Kafka's namespace."""

from datetime import timedelta
from typing import Any

from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.render.broker import broker, kafka_user
from todoapp_operator.render.dapr.subscriptions import Reader, readers
from todoapp_operator.render.identity import metadata, object_name
from todoapp_operator.render.names import Names, consumer_group
from todoapp_operator.resource.backing_services import Strimzi
from todoapp_operator.resource.component import Component
from todoapp_operator.resource.spec import TodoApp

__all__ = ["strimzi_resources"]

_DEAD_LETTER_DAYS = 30
_VERSION = "v1"
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def strimzi_resources(app: TodoApp, names: Names) -> list[Manifest]:
    strimzi = broker(app).strimzi
    if strimzi is None:
        return []
    return [
        *(
            _topic(app, strimzi, names.topic(topic), topic.partitions, _milliseconds(topic.retention))
            for topic in app.spec.topics.all
        ),
        *(
            _topic(app, strimzi, names.dead_letter(topic), 1, _milliseconds(f"{_DEAD_LETTER_DAYS}d"))
            for topic in (reader.topic for reader in readers(app, names))
        ),
        *(_user(app, strimzi, names, component) for component in Component),
    ]


def _topic(app: TodoApp, strimzi: Strimzi, name: str, partitions: int, retention_ms: int) -> Manifest:
    """A topic as replicated as the cluster's `default.replication.factor` wants.

    Strimzi refuses a KafkaTopic whose `topicName` changes, so names of another form need a new `_VERSION`.
    """
    return {
        "apiVersion": "kafka.strimzi.io/v1",
        "kind": "KafkaTopic",
        "metadata": _metadata(app, strimzi, object_name(name, _VERSION)),
        "spec": {"topicName": name, "partitions": partitions, "config": {"retention.ms": retention_ms}},
    }


def _user(app: TodoApp, strimzi: Strimzi, names: Names, component: Component) -> Manifest:
    """A process's own user, which may do what the process does and nothing else."""
    return {
        "apiVersion": "kafka.strimzi.io/v1",
        "kind": "KafkaUser",
        "metadata": _metadata(app, strimzi, kafka_user(app, component)),
        "spec": {
            "authentication": {"type": "scram-sha-512"},
            "authorization": {"type": "simple", "acls": _acls(app, names, component)},
        },
    }


def _acls(app: TodoApp, names: Names, component: Component) -> list[dict[str, Any]]:
    reading = [reader for reader in readers(app, names) if reader.component is component]
    read = [reader.topic for reader in reading]
    return [
        # The process that holds the relay's lock publishes the events of all processes.
        *(
            _acl("topic", names.topic(topic), "Describe", *(["Read"] if topic in read else []), "Write")
            for topic in app.spec.topics.all
        ),
        *(_acl("topic", names.dead_letter(reader.topic), "Describe", "Read", "Write") for reader in reading),
        *(_group(app, names, reader) for reader in reading),
    ]


def _group(app: TodoApp, names: Names, reader: Reader) -> dict[str, Any]:
    group = consumer_group(app, names, reader.component)
    if reader.pubsub == names.updates_pubsub:
        # Each replica reads in a group of its own, named like its pod.
        return _acl("group", f"{group}-", "Describe", "Read", pattern="prefix")
    return _acl("group", group, "Describe", "Read")


def _acl(kind: str, name: str, *operations: str, pattern: str = "literal") -> dict[str, Any]:
    return {"resource": {"type": kind, "name": name, "patternType": pattern}, "operations": list(operations)}


def _metadata(app: TodoApp, strimzi: Strimzi, name: str) -> dict[str, Any]:
    return metadata(app, name, namespace=strimzi.namespace, labels={"strimzi.io/cluster": strimzi.cluster})


def _milliseconds(period: str) -> int:
    length = timedelta(**{_UNITS[period[-1]]: int(period[:-1])})
    return length // timedelta(milliseconds=1)
