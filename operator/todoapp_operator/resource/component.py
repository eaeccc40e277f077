"""The three processes of a TodoApp."""

from enum import StrEnum

__all__ = ["Component"]


class Component(StrEnum):
    """A process; the value is its command, as in `todoapp api`."""

    API = "api"
    NOTIFICATION = "notification"
    RECURRENCE = "recurrence"
