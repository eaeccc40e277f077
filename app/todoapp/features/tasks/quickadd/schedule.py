"""From what a text says of days, times and repeating to a date and a recurrence."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from todoapp.features.tasks.due import Due
from todoapp.features.tasks.quickadd.phrase import Clock
from todoapp.features.tasks.quickadd.refusal import UnreadableText
from todoapp.features.tasks.quickadd.times import in_later_half
from todoapp.features.tasks.quickadd.values import Day, Moment, RepeatRule, TimeOfDay
from todoapp.features.tasks.recurrence.dates import first_date
from todoapp.features.tasks.recurrence.rule import InvalidRecurrence, Recurrence, parse_recurrence
from todoapp.kit.wall_time import instant, wall_time

__all__ = ["Schedule", "Timing"]

MIDNIGHT = time(0)


@dataclass(frozen=True)
class Schedule:
    due: Due | None
    recurrence: Recurrence | None


@dataclass(frozen=True)
class Timing:
    """Everything that a text says of when a task is due."""

    day: Day | Moment | None = None
    clock_time: TimeOfDay | None = None
    repeat_rule: RepeatRule | None = None
    count: int | None = None
    until: date | None = None

    def schedule(self, clock: Clock) -> Schedule:
        """The task's date, and its recurrence from then on.

        Without a time the task is all-day. A time without a day is the next such time, a recurrence
        without one begins with its next date; today counts while the time is still ahead.

        Raises:
            UnreadableText: the recurrence has no date left.
        """
        if self.repeat_rule is not None:
            return self._repeating(self.repeat_rule, clock)
        if isinstance(self.day, Moment):
            return Schedule(Due(self.day.at, all_day=False, zone=clock.zone), None)
        if self.day is None and self.clock_time is None:
            return Schedule(None, None)
        return Schedule(self._due(self._earliest(clock), clock), None)

    def _repeating(self, repeat_rule: RepeatRule, clock: Clock) -> Schedule:
        rule = replace(repeat_rule.rule, count=self.count, until=self.until)
        first = first_date(replace(rule, interval=1), self._earliest(clock))
        if first is None:
            raise UnreadableText("The recurrence ends before its first date; move its end, or leave it out.")
        if rule.is_bare and repeat_rule.basis == "due":
            rule = rule.on(first)
        try:
            recurrence = parse_recurrence(
                {"rrule": str(rule), "basis": repeat_rule.basis}, due=first, zone=clock.zone
            )
        except InvalidRecurrence as error:
            raise UnreadableText(str(error)) from error
        return Schedule(self._due(first, clock), recurrence)

    def _due(self, wall: datetime, clock: Clock) -> Due:
        is_timed = isinstance(self.day, Moment) or self._time_of_day is not None
        return Due.at_wall(wall, clock.zone, all_day=not is_timed)

    def _earliest(self, clock: Clock) -> datetime:
        """The wall time at or after which the task is due first."""
        if isinstance(self.day, Moment):
            return wall_time(self.day.at, clock.zone)
        day = clock.today if self.day is None else self.day.day
        wall = datetime.combine(day, self._time_of_day or MIDNIGHT)
        is_past = self._time_of_day is not None and instant(wall, clock.zone) <= clock.now
        return wall + timedelta(days=1) if self.day is None and is_past else wall

    @property
    def _time_of_day(self) -> time | None:
        part = self.day.time_of_day if isinstance(self.day, Day) else None
        if part is None and self.repeat_rule is not None:
            part = self.repeat_rule.time_of_day
        if self.clock_time is None:
            return part
        if part is not None and self.clock_time.is_bare_hour:
            return in_later_half(self.clock_time.time, part)
        return self.clock_time.time
