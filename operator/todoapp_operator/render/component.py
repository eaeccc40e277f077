"""The three processes of a TodoApp."""

from enum import StrEnum

__all__ = ["Component"]


class Component(StrEnum):
    """A process; the value is its command (`todoapp api`) and its Dapr app id."""

    API = "api"
    NOTIFICATION = "notification"
    RECURRENCE = "recurrence"
