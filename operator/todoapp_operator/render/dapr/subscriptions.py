"""Which process hears which topic, and at which route."""

from dataclasses import dataclass

from todoapp_operator.backing_services import Topic
from todoapp_operator.render.component import Component
from todoapp_operator.render.dapr.names import PUBSUB, UPDATES_PUBSUB
from todoapp_operator.render.manifest import Manifest
from todoapp_operator.spec import TodoApp

__all__ = ["DEAD_LETTER_ROUTE", "subscriptions"]

DEAD_LETTER_ROUTE = "/events/dead-letter"


@dataclass(frozen=True)
class _Reader:
    """One process's interest in a topic. `rules` are conditions (CEL) with their routes, first match wins."""

    component: Component
    pubsub: str
    topic: Topic
    default: str
    rules: tuple[tuple[str, str], ...] = ()


def subscriptions(app: TodoApp) -> list[Manifest]:
    """A Subscription of each topic and one of its dead letters, for each process that reads it.

    Every topic has a dead-letter topic *and* the Resiliency an inbound retry: without the first Dapr
    retries for ever, without the second it gives up at the first failure.
    """
    return [
        manifest
        for reader in _readers(app)
        for manifest in (_events(app, reader), _dead_letters(app, reader))
    ]


def _readers(app: TodoApp) -> tuple[_Reader, ...]:
    topics = app.spec.topics
    return (
        _Reader(
            Component.RECURRENCE,
            PUBSUB,
            topics.task_events,
            default="/events/task-changed",
            rules=(
                (
                    'event.type == "task.completed" || event.type == "task.skipped"',
                    "/events/task-finished",
                ),
            ),
        ),
        _Reader(
            Component.NOTIFICATION,
            PUBSUB,
            topics.reminders,
            default="/events/reminder-triggered",
            rules=(
                ('event.type == "reminder.scheduled"', "/events/reminder-scheduled"),
                ('event.type == "reminder.cancelled"', "/events/reminder-cancelled"),
            ),
        ),
        _Reader(Component.API, UPDATES_PUBSUB, topics.task_updates, default="/events/task-updates"),
    )


def _events(app: TodoApp, reader: _Reader) -> Manifest:
    rules = [{"match": condition, "path": route} for condition, route in reader.rules]
    routes = {"rules": rules, "default": reader.default} if rules else {"default": reader.default}
    return _subscription(
        app, reader, reader.topic.name, {"routes": routes, "deadLetterTopic": reader.topic.dead_letter}
    )


def _dead_letters(app: TodoApp, reader: _Reader) -> Manifest:
    return _subscription(app, reader, reader.topic.dead_letter, {"routes": {"default": DEAD_LETTER_ROUTE}})


def _subscription(app: TodoApp, reader: _Reader, topic: str, delivery: Manifest) -> Manifest:
    return {
        "apiVersion": "dapr.io/v2alpha1",
        "kind": "Subscription",
        "metadata": {"name": f"{app.metadata.name}-{topic}"},
        "spec": {"pubsubname": reader.pubsub, "topic": topic, **delivery},
        "scopes": [str(reader.component)],
    }
