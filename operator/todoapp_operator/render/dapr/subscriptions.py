"""Which process hears which topic, and at which route."""

from dataclasses import dataclass

from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.render.identity import object_name
from todoapp_operator.render.names import Names
from todoapp_operator.resource.backing_services import Topic
from todoapp_operator.resource.component import Component
from todoapp_operator.resource.spec import TodoApp

__all__ = ["DEAD_LETTER_ROUTE", "Reader", "readers", "subscriptions"]

DEAD_LETTER_ROUTE = "/events/dead-letter"
BULK_SUBSCRIBE = {
    "enabled": True,
    "maxMessagesCount": 100,
    # Kafka's component looks at the clock, not at the queue: an event waits for half of this on average.
    "maxAwaitDurationMs": 20,
}


@dataclass(frozen=True)
class Reader:
    """One process's interest in a topic.

    It has one route for all types of events: Dapr makes a list for each route and delivers these in
    any order, so two routes would lose the order of a key.
    """

    component: Component
    pubsub: str
    topic: Topic
    route: str


def subscriptions(app: TodoApp, names: Names) -> list[Manifest]:
    """A Subscription of each topic and one of its dead letters, for each process that reads it.

    Every topic has a dead-letter topic *and* the Resiliency an inbound retry: without the first Dapr
    never stops retrying, without the second it gives up at the first failure.
    """
    return [
        manifest
        for reader in readers(app, names)
        for manifest in (_events(app, names, reader), _dead_letters(app, names, reader))
    ]


def readers(app: TodoApp, names: Names) -> tuple[Reader, ...]:
    topics = app.spec.topics
    return (
        Reader(Component.RECURRENCE, names.pubsub, topics.task_events, "/events/task-events"),
        Reader(Component.NOTIFICATION, names.pubsub, topics.reminders, "/events/reminders"),
        Reader(Component.API, names.updates_pubsub, topics.task_updates, "/events/task-updates"),
    )


def _events(app: TodoApp, names: Names, reader: Reader) -> Manifest:
    return {
        "apiVersion": "dapr.io/v2alpha1",
        "kind": "Subscription",
        "metadata": {"name": f"{app.metadata.name}-{reader.component}"},
        "spec": {
            "pubsubname": reader.pubsub,
            "topic": names.topic(reader.topic),
            "routes": {"default": reader.route},
            "deadLetterTopic": names.dead_letter(reader.topic),
            "bulkSubscribe": BULK_SUBSCRIBE,
        },
        "scopes": [names.app_id(reader.component)],
    }


def _dead_letters(app: TodoApp, names: Names, reader: Reader) -> Manifest:
    return {
        "apiVersion": "dapr.io/v2alpha1",
        "kind": "Subscription",
        "metadata": {"name": object_name(f"{app.metadata.name}-{reader.component}-dead-letter")},
        "spec": {
            "pubsubname": reader.pubsub,
            "topic": names.dead_letter(reader.topic),
            "routes": {"default": DEAD_LETTER_ROUTE},
        },
        "scopes": [names.app_id(reader.component)],
    }
