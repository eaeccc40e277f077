"""What happens to reminders, as facts for other processes."""

from datetime import datetime
from uuid import UUID

from todoapp.messaging.event import Event, Topic

__all__ = ["EVENTS", "ReminderCancelled", "ReminderEvent", "ReminderScheduled", "ReminderTriggered"]


class ReminderEvent(Event):
    """Something that happened to one reminder; heard by the notification process."""

    topic = Topic.REMINDERS

    task_id: UUID
    reminder_id: UUID

    @property
    def key(self) -> str:
        return str(self.task_id)

    @property
    def subject(self) -> str:
        return str(self.task_id)


class ReminderScheduled(ReminderEvent):
    """A reminder is to fire at `due_at`, whatever instant it had before."""

    type = "reminder.scheduled"

    task_title: str
    due_at: datetime


class ReminderCancelled(ReminderEvent):
    """A reminder is not to fire any more: it or its task is gone, closed or without a date."""

    type = "reminder.cancelled"


class ReminderTriggered(ReminderEvent):
    """A reminder fired and its notification is stored."""

    type = "reminder.triggered"

    task_title: str
    due_at: datetime
    triggered_at: datetime
    notification_id: UUID


EVENTS: tuple[type[ReminderEvent], ...] = (ReminderScheduled, ReminderCancelled, ReminderTriggered)
