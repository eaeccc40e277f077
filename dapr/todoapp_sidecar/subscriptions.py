"""What an app wants to hear: the same model for Subscription files and `GET /dapr/subscribe`."""

from typing import Self

from pydantic import Field, model_validator

from todoapp_sidecar.model import Model
from todoapp_sidecar.router import InvalidRule, Router, Rule

__all__ = ["BulkSubscribe", "SubscriptionSpec"]


class _Routes(Model):
    rules: tuple[Rule, ...] = ()
    default: str = ""


class BulkSubscribe(Model):
    """Events come in lists of up to `max_messages_count`.

    The sidecar never holds an event back to fill a list, so it is always within `max_await_duration_ms`.
    """

    enabled: bool = False
    max_messages_count: int = Field(default=100, ge=1)
    max_await_duration_ms: int = Field(default=1000, ge=0)


class SubscriptionSpec(Model):
    pubsubname: str
    topic: str
    route: str = ""
    routes: _Routes = _Routes()
    dead_letter_topic: str = ""
    metadata: dict[str, str] = Field(default_factory=dict)
    bulk_subscribe: BulkSubscribe = BulkSubscribe()

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Every route in the order of trying, the unconditional one last."""
        default = self.routes.default or self.route
        return self.routes.rules + ((Rule(path=default),) if default else ())

    @property
    def raw_payload(self) -> bool:
        """Whether the app gets the published bytes instead of the CloudEvent."""
        return self.metadata.get("rawPayload", "").lower() == "true"

    @model_validator(mode="after")
    def _routable(self) -> Self:
        if not self.rules:
            raise ValueError(f"the subscription to '{self.topic}' has no route")
        try:
            Router(self.rules)
        except InvalidRule as error:
            raise ValueError(str(error)) from error
        return self
