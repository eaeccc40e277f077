"""What rendering has to know beside the resource."""

from dataclasses import dataclass

from todoapp_operator.kube.kinds import KINDS, Kind, Provider

__all__ = ["EVERYTHING", "Platform"]

EVERYTHING = frozenset(KINDS)
"""A cluster on which every provider is installed."""


@dataclass(frozen=True)
class Platform:
    """What the cluster offers, and what of this TodoApp runs on it already."""

    image: str
    """The application's image of the operator's own release."""
    kinds: frozenset[Kind] = EVERYTHING
    """Kinds that the cluster knows; Kubernetes' own are always among them."""
    secrets_digest: str = ""
    """Changes when a value that sidecars read at their start does: then the pods have to be replaced."""
    serving_release: str = ""
    """With `BlueGreen`, the release that people are served by; every release while empty."""
    operator_namespace: str = "todoapp-system"
    """Where the operator runs, which asks each process for its figures."""

    def has(self, provider: Provider) -> bool:
        return all(kind in self.kinds for kind in KINDS if kind.provider is provider)
