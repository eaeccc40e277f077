"""What people may say of a webhook."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StrictBool

from todoapp.kit.fields import Input

__all__ = ["NewWebhook", "WebhookPatch"]

EventType = Literal[
    "reminder.cancelled",
    "reminder.scheduled",
    "reminder.triggered",
    "task.completed",
    "task.created",
    "task.deleted",
    "task.reopened",
    "task.skipped",
    "task.updated",
]


def _each_once(types: list[EventType]) -> list[EventType]:
    return sorted(set(types))


Url = Annotated[str, Field(min_length=1, max_length=2000, examples=["https://example.com/hooks/todoapp"])]
EventTypes = Annotated[
    list[EventType],
    Field(min_length=1, fail_fast=True, examples=[["task.created", "task.completed"]]),
    AfterValidator(_each_once),
]

UNCHANGED: Any = None
"""Default of a patch's field; what was really sent is in `model_fields_set`."""


class NewWebhook(Input):
    url: Url
    event_types: EventTypes
    enabled: StrictBool = True


class WebhookPatch(Input):
    url: Url = UNCHANGED
    event_types: EventTypes = UNCHANGED
    enabled: StrictBool = UNCHANGED
