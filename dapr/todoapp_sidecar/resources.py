"""Dapr's resource kinds as frozen models, as far as the sidecar obeys them."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ConfigDict, field_validator

from todoapp_sidecar.model import Model
from todoapp_sidecar.resiliency import ResiliencySpec
from todoapp_sidecar.subscriptions import SubscriptionSpec

__all__ = [
    "COMPONENT_TYPES",
    "Component",
    "Configuration",
    "Document",
    "Resiliency",
    "Resources",
    "Subscription",
]

COMPONENT_TYPES = (
    "pubsub.in-memory",
    "secretstores.local.env",
    "secretstores.local.file",
    "state.in-memory",
    "state.sqlite",
)


class _Metadata(Model):
    model_config = ConfigDict(extra="ignore")

    name: str
    namespace: str = "default"


class Document(Model):
    """What all kinds share; an empty `scopes` serves every app."""

    api_version: str
    kind: str
    metadata: _Metadata
    scopes: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        return self.metadata.name

    def serves(self, app_id: str) -> bool:
        return not self.scopes or app_id in self.scopes


class _Setting(Model):
    """One entry of a component's metadata.

    Nothing that the sidecar reads there is a secret, so `secretKeyRef` stays unresolved.
    """

    name: str
    value: Any = ""
    secret_key_ref: Any = None
    env_ref: str = ""

    @property
    def text(self) -> str:
        if self.env_ref:
            return os.environ.get(self.env_ref, "")
        return str(self.value).lower() if isinstance(self.value, bool) else str(self.value)


class _ComponentSpec(Model):
    type: str
    version: str = "v1"
    metadata: tuple[_Setting, ...] = ()
    ignore_errors: bool = False
    init_timeout: str = ""

    @field_validator("type")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in COMPONENT_TYPES:
            known = ", ".join(COMPONENT_TYPES)
            raise ValueError(f"the embedded sidecar has no component type '{value}', only {known}")
        return value


class Component(Document):
    """A building block's configuration, by the name under which apps call it."""

    spec: _ComponentSpec
    auth: Any = None

    @property
    def type(self) -> str:
        return self.spec.type

    @property
    def block(self) -> str:
        """`pubsub`, `state` or `secretstores`."""
        return self.type.partition(".")[0]

    @property
    def settings(self) -> dict[str, str]:
        return {setting.name: setting.text for setting in self.spec.metadata}


class Subscription(Document):
    spec: SubscriptionSpec


class Resiliency(Document):
    spec: ResiliencySpec = ResiliencySpec()


class _Tracing(Model):
    model_config = ConfigDict(extra="ignore")

    sampling_rate: float = 1.0


class _ConfigurationSpec(Model):
    """Only tracing is obeyed: on one machine there is no one to encrypt against or to authorise."""

    model_config = ConfigDict(extra="ignore")

    tracing: _Tracing = _Tracing(sampling_rate=0)


class Configuration(Document):
    spec: _ConfigurationSpec = _ConfigurationSpec()


D = TypeVar("D", bound=Document)


@dataclass(frozen=True)
class Resources:
    """Everything that the files say, or the part of it that is for one app."""

    components: tuple[Component, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    resiliencies: tuple[Resiliency, ...] = ()
    configurations: tuple[Configuration, ...] = ()

    @property
    def traces(self) -> bool:
        return any(configuration.spec.tracing.sampling_rate > 0 for configuration in self.configurations)

    def for_app(self, app_id: str) -> "Resources":
        return Resources(
            components=_serving(self.components, app_id),
            subscriptions=_serving(self.subscriptions, app_id),
            resiliencies=_serving(self.resiliencies, app_id),
            configurations=_serving(self.configurations, app_id),
        )

    def component(self, block: str, name: str) -> Component | None:
        named = (one for one in self.components if (one.block, one.name) == (block, name))
        return next(named, None)


def _serving(documents: Iterable[D], app_id: str) -> tuple[D, ...]:
    return tuple(document for document in documents if document.serves(app_id))
