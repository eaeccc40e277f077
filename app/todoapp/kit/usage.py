"""What a user has of the things that have a limit, and the limits."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from todoapp.kit.errors import Conflict

__all__ = ["Counted", "QuotaExceeded", "Usage"]

LEEWAY = 10
"""A tenth of the limit of tasks is left for next occurrences, which come by themselves."""


class Counted(StrEnum):
    """What is counted; a user's row has a column `used_…` for each."""

    TASKS = "tasks"
    TAGS = "tags"
    """Tags and categories"""
    BYTES = "bytes"
    """Of the titles and descriptions of tasks, in UTF-8"""
    TOKENS = "tokens"
    WEBHOOKS = "webhooks"
    CHANNELS = "channels"

    @property
    def column(self) -> str:
        return f"used_{self.value}"


NOUNS = {
    Counted.TASKS: "tasks",
    Counted.TAGS: "tags and categories",
    Counted.BYTES: "bytes of text in titles and descriptions of tasks",
    Counted.TOKENS: "API tokens",
    Counted.WEBHOOKS: "webhooks",
    Counted.CHANNELS: "channels",
}


class QuotaExceeded(Conflict):
    code = "quota-exceeded"

    def __init__(self, what: Counted, limit: int) -> None:
        super().__init__(
            f"You may have {limit} {NOUNS[what]} at most; delete some first. "
            "GET /api/me/quotas shows all limits."
        )


@dataclass
class Usage:
    """How much one user has, within a transaction that holds the user's row."""

    numbers: dict[Counted, int] = field(default_factory=lambda: dict.fromkeys(Counted, 0))
    limits: Mapping[Counted, int] = field(default_factory=dict)
    """What is missing here or 0 has no limit."""

    def add(self, what: Counted, number: int = 1, *, limited: bool = True) -> None:
        """Count something that was made, or with a negative number deleted.

        Args:
            limited: False for what comes by itself and must not be lost.

        Raises:
            QuotaExceeded
        """
        limit = self.limits.get(what, 0)
        if limited and limit and number > 0 and self.numbers[what] + number > limit:
            raise QuotaExceeded(what, limit)
        self.numbers[what] = max(self.numbers[what] + number, 0)

    def require_room_for_next(self) -> None:
        """Refuse to finish an occurrence when too many next ones have come above the limit already.

        Raises:
            QuotaExceeded
        """
        limit = self.limits.get(Counted.TASKS, 0)
        if limit and self.numbers[Counted.TASKS] > limit + limit // LEEWAY:
            raise QuotaExceeded(Counted.TASKS, limit)
