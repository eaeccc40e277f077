"""What may not be done to a notification."""

from uuid import UUID

from todoapp.kit.errors import NotFound

__all__ = ["NotificationNotFound"]


class NotificationNotFound(NotFound):
    code = "notification-not-found"

    def __init__(self, notification_id: UUID) -> None:
        super().__init__(f"You have no notification {notification_id}.")
