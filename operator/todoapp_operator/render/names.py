"""What Dapr calls the processes of a TodoApp and the components that they use."""

from collections.abc import Iterable
from dataclasses import dataclass

from todoapp_operator.resource.component import Component
from todoapp_operator.resource.spec import TodoApp

__all__ = ["LAPTOP", "Names", "names_on_cluster"]


@dataclass(frozen=True)
class Names:
    """Dapr looks for all of these in one namespace; `prefix` keeps the TodoApps there apart."""

    prefix: str = ""

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


LAPTOP = Names()
"""A sidecar on a laptop serves one TodoApp only."""


def names_on_cluster(app: TodoApp) -> Names:
    return Names(prefix=f"{app.metadata.name}-")
