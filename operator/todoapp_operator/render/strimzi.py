"""Topics and user of a TodoApp in a Kafka that Strimzi runs; they lie in Kafka's namespace."""

from datetime import timedelta
from typing import Any

from todoapp_operator.backing_services import Strimzi, Topic
from todoapp_operator.render.broker import broker, consumer_group, kafka_user
from todoapp_operator.render.component import Component
from todoapp_operator.render.dapr.names import Names, names_on_cluster
from todoapp_operator.render.dapr.subscriptions import readers
from todoapp_operator.render.identity import metadata, object_name
from todoapp_operator.render.manifest import Manifest
from todoapp_operator.spec import TodoApp

__all__ = ["strimzi_resources"]

_DEAD_LETTER_DAYS = 30
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def strimzi_resources(app: TodoApp) -> list[Manifest]:
    strimzi = broker(app).strimzi
    if strimzi is None:
        return []
    names = names_on_cluster(app)
    return [
        *(
            _topic(app, strimzi, topic.name, topic.partitions, _milliseconds(topic.retention))
            for topic in app.spec.topics.all
        ),
        *(
            _topic(app, strimzi, topic.dead_letter, 1, _milliseconds(f"{_DEAD_LETTER_DAYS}d"))
            for topic in _read_topics(app, names)
        ),
        _user(app, strimzi, names),
    ]


def _read_topics(app: TodoApp, names: Names) -> list[Topic]:
    return [reader.topic for reader in readers(app, names)]


def _topic(app: TodoApp, strimzi: Strimzi, name: str, partitions: int, retention_ms: int) -> Manifest:
    """A topic as replicated as the cluster's `default.replication.factor` wants."""
    return {
        "apiVersion": "kafka.strimzi.io/v1",
        "kind": "KafkaTopic",
        "metadata": _metadata(app, strimzi, object_name(app.metadata.namespace, app.metadata.name, name)),
        "spec": {"topicName": name, "partitions": partitions, "config": {"retention.ms": retention_ms}},
    }


def _user(app: TodoApp, strimzi: Strimzi, names: Names) -> Manifest:
    topics = [topic.name for topic in app.spec.topics.all]
    dead_letters = [topic.dead_letter for topic in _read_topics(app, names)]
    groups = [consumer_group(app, names, component) for component in Component]
    return {
        "apiVersion": "kafka.strimzi.io/v1",
        "kind": "KafkaUser",
        "metadata": _metadata(app, strimzi, kafka_user(app)),
        "spec": {
            "authentication": {"type": "scram-sha-512"},
            "authorization": {
                "type": "simple",
                "acls": [
                    *(_acl("topic", name, "Describe", "Read", "Write") for name in topics + dead_letters),
                    *(_acl("group", name, "Describe", "Read") for name in groups),
                    # Each replica of the api reads task updates in a group of its own, named like its pod.
                    _acl("group", f"{groups[0]}-", "Describe", "Read", pattern="prefix"),
                ],
            },
        },
    }


def _acl(kind: str, name: str, *operations: str, pattern: str = "literal") -> dict[str, Any]:
    return {"resource": {"type": kind, "name": name, "patternType": pattern}, "operations": list(operations)}


def _metadata(app: TodoApp, strimzi: Strimzi, name: str) -> dict[str, Any]:
    return metadata(app, name, namespace=strimzi.namespace, labels={"strimzi.io/cluster": strimzi.cluster})


def _milliseconds(period: str) -> int:
    length = timedelta(**{_UNITS[period[-1]]: int(period[:-1])})
    return length // timedelta(milliseconds=1)
