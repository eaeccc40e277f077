"""When a task is due: an instant, or a whole day in the task's zone. Never both."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from todoapp.features.tasks.errors import ContradictoryDue
from todoapp.kit.wall_time import instant, wall_time

__all__ = ["Due", "changed_due", "due_of"]

YEARS = range(1900, 9000)  # with room for zones and for a repeating task's next dates


@dataclass(frozen=True)
class Due:
    """`at` is an instant in UTC; for an all-day task the start of its day."""

    at: datetime
    all_day: bool
    zone: str

    @classmethod
    def on(cls, day: date, zone: str) -> "Due":
        return cls(instant(datetime.combine(day, time()), zone), all_day=True, zone=zone)

    @classmethod
    def at_wall(cls, wall: datetime, zone: str, *, all_day: bool) -> "Due":
        return cls.on(wall.date(), zone) if all_day else cls(instant(wall, zone), all_day=False, zone=zone)

    @property
    def wall(self) -> datetime:
        """What a clock in the zone shows then."""
        return wall_time(self.at, self.zone)

    @property
    def overdue_at(self) -> datetime:
        if not self.all_day:
            return self.at
        return instant(datetime.combine(self.wall.date() + timedelta(days=1), time()), self.zone)


def due_of(*, due_at: datetime | None, due_date: date | None, all_day: bool | None, zone: str) -> Due | None:
    """Make one date of the fields that may describe it; None when there is none.

    Raises:
        ContradictoryDue: both fields are set, `all_day` denies what they say, or a year is out of range.
    """
    if due_at is not None and due_date is not None:
        raise ContradictoryDue("/due_date", "due_at and due_date are both set; send an instant or a day.")
    for pointer, given in (("/due_at", due_at), ("/due_date", due_date)):
        if given is not None and given.year not in YEARS:
            raise ContradictoryDue(pointer, f"The year must be from {YEARS[0]} to {YEARS[-1]}.")
    if due_date is not None:
        if all_day is False:
            raise ContradictoryDue("/all_day", "due_date is a whole day, so all_day cannot be false.")
        return Due.on(due_date, zone)
    if due_at is not None:
        at = due_at.astimezone(UTC)
        return Due.on(wall_time(at, zone).date(), zone) if all_day else Due(at, all_day=False, zone=zone)
    if all_day:
        raise ContradictoryDue("/all_day", "all_day needs a due_date.")
    return None


def changed_due(current: Due | None, fields: Mapping[str, Any], *, zone: str) -> Due | None:
    """Apply the sent ones of due_at, due_date and all_day to a task's date, in the task's (new) zone.

    An instant stays that instant in another zone; a day stays that day.

    Raises:
        ContradictoryDue
    """
    due_at, due_date, all_day = fields.get("due_at"), fields.get("due_date"), fields.get("all_day")
    own_field = "due_date" if current and current.all_day else "due_at"
    if current is None or own_field in fields or due_at is not None or due_date is not None:
        return due_of(due_at=due_at, due_date=due_date, all_day=all_day, zone=zone)
    if all_day is False and current.all_day:
        raise ContradictoryDue("/all_day", "The task has a day but no time; send a due_at.")
    if all_day or current.all_day:
        return Due.on(current.wall.date(), zone)
    return replace(current, zone=zone)
