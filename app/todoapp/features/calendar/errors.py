"""What may be wrong with the URL of a calendar."""

from todoapp.kit.errors import NotFound

__all__ = ["CalendarNotFound"]


class CalendarNotFound(NotFound):
    code = "calendar-not-found"

    def __init__(self) -> None:
        super().__init__("There is no calendar at this URL; its owner has withdrawn it or made another.")
