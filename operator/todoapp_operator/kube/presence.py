"""Which kinds of objects the cluster knows just now."""

from collections.abc import Callable, Collection, Iterable
from typing import Any

from todoapp_operator.kube.informer import Informer, Scope
from todoapp_operator.kube.kinds import Kind

__all__ = ["DEFINITIONS", "Definitions", "Presence"]

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


class Presence:
    """Each kind's informer tells whether it can be listed; `on_change` is called when that changes."""

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._on_change = on_change
        self.kinds: frozenset[Kind] = frozenset()

    def of(self, kind: Kind) -> Callable[[bool], None]:
        """Takes what the informer of `kind` tells."""

        def tell(present: bool) -> None:
            kinds = self.kinds | {kind} if present else self.kinds - {kind}
            if kinds != self.kinds:
                self.kinds = kinds
                self._on_change()

        return tell


class Definitions:
    """A sink for an informer of CRDs: after any event of one, more kinds may be known."""

    def __init__(self, informers: Iterable[Informer]) -> None:
        self._informers = tuple(informers)

    def put(self, manifest: dict[str, Any]) -> None:
        for informer in self._informers:
            informer.poke()

    def remove(self, manifest: dict[str, Any]) -> None:
        """The informer of the kind finds out by itself."""

    def retain(self, present: Collection[tuple[str, str]], scope: Scope) -> None:
        """Nothing is kept of them."""
