"""Where deliveries lead: how many wait for it, and whether it answers."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlmodel import Field

from todoapp.kit.database import Base, Instant, new_id

__all__ = ["MOST_WAITING", "Destination", "DestinationState"]

MOST_WAITING = 5000
"""Deliveries of one destination, about as many as one import brings. One that is full takes more when half
of them are done."""
SILENCES = 5
"""Attempts in a row without an answer after which a destination is left alone for a while."""
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)


class DestinationState(StrEnum):
    READY = "ready"
    PAUSED = "paused"
    FULL = "full"


class Destination(Base):
    """The columns of a table of destinations. All of them change only while the user's row is locked."""

    id: UUID = Field(default_factory=new_id, primary_key=True)
    user_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE", index=True)
    waiting: int = 0
    """Deliveries that are still to be made, tests left out"""
    full_since: datetime | None = Field(default=None, sa_type=Instant)
    silences: int = 0
    """Attempts in a row without an answer"""
    paused_until: datetime | None = Field(default=None, sa_type=Instant)
    """Until then nothing is sent. Then one attempt decides: an answer ends the pause, silence doubles it."""

    @property
    def state(self) -> DestinationState:
        if self.paused_until is not None:
            return DestinationState.PAUSED
        return DestinationState.FULL if self.full_since is not None else DestinationState.READY

    @property
    def shown(self) -> tuple[DestinationState, datetime | None]:
        """What its user is told when it changes."""
        return self.state, self.paused_until

    def fitting(self, number: int, *, now: datetime) -> int:
        """How many of `number` further deliveries may wait; the rest fails at once."""
        if self.waiting <= MOST_WAITING // 2:
            self.full_since = None
        room = 0 if self.full_since else max(MOST_WAITING - self.waiting, 0)
        if number > room and self.full_since is None:
            self.full_since = now
        return min(number, room)

    def settle(self) -> None:
        """One delivery waits no more."""
        self.waiting = max(self.waiting - 1, 0)

    def note_answer(self) -> None:
        self.silences, self.paused_until = 0, None

    def note_silence(self, now: datetime) -> None:
        self.silences += 1
        if self.silences >= SILENCES:
            # The exponent is bounded, or a destination that is silent for years would overflow.
            doubled = FIRST_PAUSE * 2 ** min(self.silences - SILENCES, 10)
            self.paused_until = now + min(doubled, LONGEST_PAUSE)
