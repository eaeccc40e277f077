"""What to look for in the feed of changes."""

from collections.abc import Callable
from typing import Any

from testbed.app.person import Change

__all__ = ["completion_of", "notification_of", "occurrence_after"]

Task = dict[str, Any]


def notification_of(task: Task) -> Callable[[Change], bool]:
    return lambda change: change["entity"] == "notification" and change["value"]["task_id"] == task["id"]


def completion_of(task: Task) -> Callable[[Change], bool]:
    return lambda change: change["id"] == task["id"] and change["value"]["completed"]


def occurrence_after(task: Task) -> Callable[[Change], bool]:
    return lambda change: change["entity"] == "task" and _parent(change) == task["id"]


def _parent(change: Change) -> str | None:
    """The occurrence before a task; the feed says nothing of a deleted task."""
    value = change["value"]
    parent: str | None = value and value["parent_task_id"]
    return parent
