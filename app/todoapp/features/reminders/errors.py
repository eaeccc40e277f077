"""What may not be done to a reminder."""

from uuid import UUID

from todoapp.kit.errors import Conflict, Invalid, NotFound, Violation

__all__ = ["InvalidReminder", "NoReminder", "ReminderExists", "ReminderNotFound", "TooManyReminders"]


class ReminderNotFound(NotFound):
    code = "reminder-not-found"

    def __init__(self, reminder_id: UUID) -> None:
        super().__init__(f"You have no reminder {reminder_id}.")


class NoReminder(NotFound):
    code = "no-reminder"

    def __init__(self, task_id: UUID) -> None:
        super().__init__(f"Task {task_id} has no reminder; POST creates one.")


class ReminderExists(Conflict):
    code = "reminder-exists"

    def __init__(self, task_id: UUID) -> None:
        super().__init__(
            f"Task {task_id} has a reminder already; PUT changes it, and POST to /reminders adds another."
        )


class InvalidReminder(Invalid):
    code = "invalid-reminder"

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence, errors=[Violation(f"/{field}", sentence)])


class TooManyReminders(Conflict):
    code = "too-many-reminders"

    def __init__(self, task_id: UUID, most: int) -> None:
        super().__init__(f"Task {task_id} has {most} reminders, the most allowed; remove one first.")
