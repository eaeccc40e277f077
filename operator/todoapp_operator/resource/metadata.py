"""A TodoApp's name and place, and what the API server adds to them."""

from typing import Annotated, Any

from pydantic import Field

from todoapp_operator.resource.rules import Part
from todoapp_operator.resource.values import Label

__all__ = ["Metadata"]


class Metadata(Part):
    """Kubernetes' ObjectMeta: people write the first four fields, the API server the others."""

    name: Annotated[Label, Field(max_length=40)]
    """Name of the installation; its parts are called `<name>-…`."""
    namespace: Label = "default"
    """Namespace of the installation."""
    labels: dict[str, str] = Field(default_factory=dict)
    """Labels."""
    annotations: dict[str, str] = Field(default_factory=dict)
    """Annotations."""
    uid: str = ""
    """Identity of this very object, even if another of the same name follows it."""
    generation: int = 0
    """Number of the spec's latest change."""
    resource_version: str = ""
    """Number of the object's latest change."""
    creation_timestamp: str | None = None
    """When the object was made."""
    deletion_timestamp: str | None = None
    """When its deletion was asked for."""
    deletion_grace_period_seconds: int | None = None
    """How long the deletion waits for finalizers."""
    finalizers: tuple[str, ...] = ()
    """Who has work to do before the object goes."""
    owner_references: tuple[dict[str, Any], ...] = ()
    """Objects that this one goes with."""
    managed_fields: tuple[dict[str, Any], ...] = ()
    """Who wrote which field."""
