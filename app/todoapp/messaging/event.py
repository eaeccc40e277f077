"""What an event is: a fact with a version, sent to one topic."""

from enum import StrEnum
from typing import Any, ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

__all__ = ["Action", "DataChanged", "Event", "Topic"]


class Topic(StrEnum):
    """The topics by their default names; an installation may rename them."""

    TASK_EVENTS = "task-events"
    REMINDERS = "reminders"
    TASK_UPDATES = "task-updates"
    ACTIVITY_LOGS = "activity-logs"


class Event(BaseModel):
    """Something that happened to one user's data.

    A new optional field raises the minor `version`; anything that breaks a reader is a new major
    one. Readers ignore fields they do not know.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    type: ClassVar[str]
    topic: ClassVar[Topic]
    version: ClassVar[str] = "1.0.0"

    user_id: UUID

    @property
    def key(self) -> str:
        """Events with the same key stay in order."""
        return str(self.user_id)

    @property
    def subject(self) -> str | None:
        """The id of what the event is about."""
        return None


Action = Literal["created", "updated", "deleted"]


class DataChanged(Event):
    """One row of a user's data is new, different or gone.

    Announced by every write; heard by every api replica, which tells its WebSocket clients, and
    kept as the feed behind `GET /api/sync`.
    """

    type = "data.changed"
    topic = Topic.TASK_UPDATES

    entity: str
    entity_id: UUID
    action: Action
    value: dict[str, Any] | None

    @property
    def subject(self) -> str:
        return str(self.entity_id)
