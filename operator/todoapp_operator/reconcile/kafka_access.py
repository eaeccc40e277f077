"""Who may use which Kafka: its owner says so by an annotation of the Kafka resource.

The operator may write topics and users everywhere, and the author of a TodoApp may not. So the operator
acts in another namespace only where somebody who may edit the Kafka there has named the TodoApp's namespace.
"""

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeVar

from todoapp_operator.kube.informer import Scope
from todoapp_operator.kube.kinds import Kind, Provider
from todoapp_operator.kube.label_selector import LabelSelector
from todoapp_operator.reconcile.ownership import AppKey
from todoapp_operator.reconcile.referenced_secrets import Place
from todoapp_operator.render.broker import broker
from todoapp_operator.resource.spec import TodoApp

__all__ = ["ANNOTATION", "KAFKA", "NAMESPACE", "KafkaAccess"]

logger = logging.getLogger(__name__)

ANNOTATION = "todoapp.dev/allow-namespaces"
"""Names separated by commas, `*`, or `selector:` and a label selector of namespaces."""

KAFKA = Kind("kafka.strimzi.io/v1", "Kafka", "kafkas", Provider.STRIMZI)
NAMESPACE = Kind("v1", "Namespace", "namespaces")

_SELECTOR = "selector:"

Value = TypeVar("Value")


class KafkaAccess:
    """`kafkas` and `namespaces` are sinks of informers, which need no more than metadata.

    `on_change` is told which TodoApp is affected by what they hear.
    """

    def __init__(self, on_change: Callable[[AppKey], None]) -> None:
        self._on_change = on_change
        self._kafkas: dict[AppKey, Place] = {}
        self.kafkas = _Noted(_annotation, self._kafka_changed)
        self.namespaces = _Noted(_labels, self._namespace_changed)

    def refusal(self, app: TodoApp) -> str:
        """Why the TodoApp may not use the Kafka that it names; empty if it may.

        A Kafka that is not there gets the same answer as one that allows others, so that nobody learns by
        asking what is in the namespaces of others.
        """
        strimzi = broker(app).strimzi
        if strimzi is None:
            return ""
        key, kafka = (
            AppKey(app.metadata.namespace, app.metadata.name),
            Place(strimzi.namespace, strimzi.cluster),
        )
        self._kafkas[key] = kafka
        if kafka.namespace == key.namespace or self._allows(kafka, key.namespace):
            return ""
        return (
            f"There is no Kafka {kafka.namespace}/{kafka.name} that allows TodoApps of the namespace "
            f"{key.namespace}; its owner can allow them by the annotation {ANNOTATION}."
        )

    def forget(self, key: AppKey) -> None:
        """The TodoApp is gone."""
        self._kafkas.pop(key, None)

    def _allows(self, kafka: Place, namespace: str) -> bool:
        annotation = self.kafkas.get(kafka)
        labels = self.namespaces.get(Place("", namespace))
        return bool(annotation) and _allowed(annotation).include(namespace, labels)

    def _kafka_changed(self, place: Place) -> None:
        self._tell(lambda _, kafka: kafka == place)

    def _namespace_changed(self, place: Place) -> None:
        self._tell(lambda key, _: key.namespace == place.name)

    def _tell(self, affected: Callable[[AppKey, Place], bool]) -> None:
        for key, kafka in tuple(self._kafkas.items()):
            if affected(key, kafka):
                self._on_change(key)


class _Noted(Generic[Value]):
    """A sink that keeps one value of each object's metadata. `on_change` is told where it is another one."""

    def __init__(
        self, value: Callable[[Mapping[str, Any]], Value], on_change: Callable[[Place], None]
    ) -> None:
        self._value = value
        self._on_change = on_change
        self._values: dict[Place, Value] = {}

    def get(self, place: Place) -> Value | None:
        """None where there is no such object."""
        return self._values.get(place)

    def put(self, manifest: Mapping[str, Any]) -> None:
        place, value = _place(manifest), self._value(manifest["metadata"])
        if self._values.get(place) != value:
            self._values[place] = value
            self._on_change(place)

    def remove(self, manifest: Mapping[str, Any]) -> None:
        self._drop(_place(manifest))

    def retain(self, present: Collection[tuple[str, str]], scope: Scope) -> None:
        for place in self._values.keys() - set(present):
            if scope.covers(*place):
                self._drop(place)

    def _drop(self, place: Place) -> None:
        if self._values.pop(place, None) is not None:
            self._on_change(place)


def _place(manifest: Mapping[str, Any]) -> Place:
    return Place(manifest["metadata"].get("namespace", ""), manifest["metadata"]["name"])


def _annotation(metadata: Mapping[str, Any]) -> str:
    annotations: Mapping[str, str] = metadata.get("annotations") or {}
    return annotations.get(ANNOTATION, "")


def _labels(metadata: Mapping[str, Any]) -> Mapping[str, str]:
    return metadata.get("labels") or {}


@dataclass(frozen=True)
class _Allowed:
    names: frozenset[str] = frozenset()
    selector: LabelSelector | None = None

    def include(self, namespace: str, labels: Mapping[str, str] | None) -> bool:
        """`labels` is None where they cannot be known, as in an operator of named namespaces."""
        if self.selector is not None:
            return labels is not None and self.selector.matches(labels)
        return bool(self.names & {"*", namespace})


@lru_cache(maxsize=64)
def _allowed(annotation: str) -> _Allowed:
    """What an annotation says. One that cannot be read allows nobody."""
    if not annotation.startswith(_SELECTOR):
        return _Allowed(names=frozenset(name.strip() for name in annotation.split(",")))
    try:
        return _Allowed(selector=LabelSelector.parse(annotation.removeprefix(_SELECTOR)))
    except ValueError as error:
        logger.warning(
            "The annotation %s of a Kafka allows nobody.", ANNOTATION, extra={"problem": str(error)}
        )
        return _Allowed()
