"""What the operator reports about a TodoApp."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from todoapp_operator.resource.rules import Part

__all__ = ["Condition", "ServiceStatus", "Services", "Status"]


class Condition(Part):
    """One observation, as Kubernetes' API conventions have it."""

    type: Literal["Ready", "DatabaseReady", "BrokerReady", "MigrationsApplied", "Progressing", "Degraded"]
    """What is observed."""
    status: Literal["True", "False", "Unknown"]
    """Whether it is so."""
    reason: Annotated[str, Field(pattern=r"^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$", max_length=1024)]
    """Why, in one CamelCase word for programs."""
    message: Annotated[str, Field(max_length=32768)] = ""
    """Why, in a sentence for people."""
    observed_generation: Annotated[int, Field(ge=0)] = 0
    """Generation of the spec that was looked at."""
    last_transition_time: AwareDatetime
    """When `status` last changed."""


class ServiceStatus(Part):
    """One process's pods."""

    ready: Annotated[int, Field(ge=0)]
    """Pods that serve."""
    desired: Annotated[int, Field(ge=0)]
    """Pods that are asked for."""
    version: str = ""
    """Version that the ready pods run."""


class Services(Part):
    """The three processes' pods."""

    api: ServiceStatus | None = None
    """Pods of `api`."""
    notification: ServiceStatus | None = None
    """Pods of `notification`."""
    recurrence: ServiceStatus | None = None
    """Pods of `recurrence`."""


class Status(Part):
    """What the operator found."""

    observed_generation: Annotated[int, Field(ge=0)] = 0
    """Generation of the spec that this status is about."""
    version: str = ""
    """Version that serves."""
    url: str = ""
    """Where people reach the api."""
    phase: Literal["", "Pending", "Progressing", "Ready", "Degraded", "Suspended"] = ""
    """The conditions in one word, for the printer column."""
    selector: str = ""
    """Labels of the api's pods, for autoscalers."""
    conditions: tuple[Condition, ...] = Field(
        default=(),
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
    )
    """Observations, one of each type."""
    services: Services = Field(default_factory=Services)
    """The three processes' pods."""
