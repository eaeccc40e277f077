"""What Dapr calls the processes of a TodoApp and their components, and Kafka its topics and groups."""

from collections.abc import Iterable
from dataclasses import dataclass

from todoapp_operator.render.broker import broker
from todoapp_operator.resource.backing_services import Topic
from todoapp_operator.resource.component import Component
from todoapp_operator.resource.spec import TodoApp

__all__ = ["LAPTOP", "Names", "consumer_group", "names_on_cluster"]


@dataclass(frozen=True)
class Names:
    """Dapr looks for all of these in one namespace; `prefix` keeps the TodoApps there apart.

    `topic_prefix` does the same for the TodoApps of all namespaces on one Kafka.
    """

    prefix: str = ""
    topic_prefix: str = ""

    @property
    def pubsub(self) -> str:
        return f"{self.prefix}pubsub"

    @property
    def updates_pubsub(self) -> str:
        return f"{self.prefix}updates"

    @property
    def state_store(self) -> str:
        return f"{self.prefix}statestore"

    @property
    def secret_store(self) -> str:
        return f"{self.prefix}secretstore"

    def app_id(self, component: Component) -> str:
        return f"{self.prefix}{component}"

    def app_ids(self, components: Iterable[Component] = Component) -> list[str]:
        return [self.app_id(component) for component in components]

    def topic(self, topic: Topic) -> str:
        return f"{self.topic_prefix}{topic.name}"

    def dead_letter(self, topic: Topic) -> str:
        return f"{self.topic_prefix}{topic.dead_letter}"


LAPTOP = Names()
"""A sidecar on a laptop serves one TodoApp only."""


def names_on_cluster(app: TodoApp) -> Names:
    """Where Strimzi's operator acts on our word alone, a topic's name says whose it is.

    Neither a namespace nor a TodoApp's name has a dot, so no two TodoApps have a topic in common.
    """
    name, namespace = app.metadata.name, app.metadata.namespace
    return Names(
        prefix=f"{name}-", topic_prefix=f"{namespace}.{name}." if broker(app).strimzi is not None else ""
    )


def consumer_group(app: TodoApp, names: Names, component: Component) -> str:
    """The consumer group that the replicas of a process share."""
    return f"{app.metadata.namespace}.{names.app_id(component)}"
