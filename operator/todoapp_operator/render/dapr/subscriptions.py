"""Which process hears which topic, and at which route."""

from dataclasses import dataclass

from todoapp_operator.backing_services import Topic
from todoapp_operator.render.component import Component
from todoapp_operator.render.dapr.names import Names
from todoapp_operator.render.identity import object_name
from todoapp_operator.render.manifest import Manifest
from todoapp_operator.spec import TodoApp

__all__ = ["DEAD_LETTER_ROUTE", "Reader", "readers", "subscriptions"]

DEAD_LETTER_ROUTE = "/events/dead-letter"


@dataclass(frozen=True)
class Reader:
    """One process's interest in a topic. `rules` are conditions (CEL) with their routes, first match wins."""

    component: Component
    pubsub: str
    topic: Topic
    default: str
    rules: tuple[tuple[str, str], ...] = ()


def subscriptions(app: TodoApp, names: Names) -> list[Manifest]:
    """A Subscription of each topic and one of its dead letters, for each process that reads it.

    Every topic has a dead-letter topic *and* the Resiliency an inbound retry: without the first Dapr
    retries for ever, without the second it gives up at the first failure.
    """
    return [
        manifest
        for reader in readers(app, names)
        for manifest in (_events(app, names, reader), _dead_letters(app, names, reader))
    ]


def readers(app: TodoApp, names: Names) -> tuple[Reader, ...]:
    topics = app.spec.topics
    return (
        Reader(
            Component.RECURRENCE,
            names.pubsub,
            topics.task_events,
            default="/events/task-changed",
            rules=(
                (
                    'event.type == "task.completed" || event.type == "task.skipped"',
                    "/events/task-finished",
                ),
            ),
        ),
        Reader(
            Component.NOTIFICATION,
            names.pubsub,
            topics.reminders,
            default="/events/reminder-triggered",
            rules=(
                ('event.type == "reminder.scheduled"', "/events/reminder-scheduled"),
                ('event.type == "reminder.cancelled"', "/events/reminder-cancelled"),
            ),
        ),
        Reader(Component.API, names.updates_pubsub, topics.task_updates, default="/events/task-updates"),
    )


def _events(app: TodoApp, names: Names, reader: Reader) -> Manifest:
    rules = [{"match": condition, "path": route} for condition, route in reader.rules]
    return {
        "apiVersion": "dapr.io/v2alpha1",
        "kind": "Subscription",
        "metadata": {"name": f"{app.metadata.name}-{reader.component}"},
        "spec": {
            "pubsubname": reader.pubsub,
            "topic": reader.topic.name,
            "routes": {**({"rules": rules} if rules else {}), "default": reader.default},
            "deadLetterTopic": reader.topic.dead_letter,
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
            "topic": reader.topic.dead_letter,
            "routes": {"default": DEAD_LETTER_ROUTE},
        },
        "scopes": [names.app_id(reader.component)],
    }
