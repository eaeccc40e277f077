"""When a repeating task is due next: pure rules on wall time in the task's zone.

A rule places dates as wall times; `instant` gives each its instant. So 09:00 stays 09:00 across
daylight-saving changes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import Self

from pydantic import BaseModel, ConfigDict, field_validator, model_serializer, model_validator

from todoapp.features.tasks.recurrence.cron import canonical_cron, cron_dates
from todoapp.features.tasks.recurrence.dates import first_date, last_date, series_dates
from todoapp.features.tasks.recurrence.inputs import Basis, CronInput, Form, WrittenRule, read_form
from todoapp.features.tasks.recurrence.parser import stored_rrule
from todoapp.features.tasks.recurrence.rrule import InvalidRecurrence, RRule
from todoapp.features.tasks.recurrence.seldom import refuse_long_searches
from todoapp.kit.wall_time import instant, wall_time

__all__ = [
    "InvalidRecurrence",
    "Occurrence",
    "Recurrence",
    "Series",
    "check_series",
    "ended_by_date",
    "first_due",
    "last_counted",
    "next_due",
    "parse_recurrence",
    "recurrence_from",
]

MORNING = time(9)
STARTS = range(1900, 3000)  # years


class Recurrence(BaseModel):
    """A rule or a cron expression. It is stored as `{"rrule": "FREQ=DAILY", "basis": "due"}` or
    `{"cron": "0 9 * * 1-5"}`: the rule in canonical form (RFC 5545 §3.3.10), its UNTIL in wall time.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    rrule: WrittenRule | None = None
    cron: str | None = None
    basis: Basis = "due"

    @classmethod
    @lru_cache(maxsize=4096)
    def stored(
        cls, *, rrule: str | None = None, cron: str | None = None, basis: Basis = "due"
    ) -> "Recurrence":
        """A recurrence that we wrote ourselves: parsed once, not checked again."""
        rule = stored_rrule(rrule) if rrule is not None else None
        return Recurrence.model_construct(rrule=rule, cron=cron, basis=basis)

    @field_validator("cron")
    @classmethod
    def _canonical_cron(cls, text: str | None) -> str | None:
        return None if text is None else canonical_cron(text)

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        if (self.rrule is None) == (self.cron is None):
            raise InvalidRecurrence("A recurrence has either an rrule or a cron expression.")
        if self.cron is not None and self.basis == "completion":
            raise InvalidRecurrence(
                "A cron expression names its own times; the basis completion needs an rrule."
            )
        return self

    @model_serializer
    def _stored(self) -> dict[str, str]:
        return (
            {"cron": self.cron} if self.cron is not None else {"rrule": str(self.rrule), "basis": self.basis}
        )


@dataclass(frozen=True)
class Series:
    """The occurrences of one task.

    Raises:
        InvalidRecurrence: `start` is in a year that no task starts in.
    """

    rule: Recurrence
    start: datetime
    """Wall time of the first occurrence (RFC 5545: DTSTART)"""
    zone: str
    """IANA"""
    last: datetime | None = None
    """Wall time of the last date that COUNT allows, where it was found before"""

    def __post_init__(self) -> None:
        if self.start.year not in STARTS:
            raise InvalidRecurrence(
                f"The recurrence starts in {self.start.year}; it can start in {STARTS[0]} to {STARTS[-1]}."
            )


@dataclass(frozen=True)
class Occurrence:
    """One date of a series."""

    scheduled: datetime
    """Wall time at which the rule placed it"""
    due: datetime
    """Its instant, UTC"""
    number: int
    """How many occurrences the series has had with it; dates passed over while it was late are none"""


def parse_recurrence(value: object, *, due: datetime | None = None, zone: str) -> Recurrence:
    """Read a recurrence as a request has it, for a task that is due at `due`.

    Raises:
        InvalidRecurrence: the value is malformed, or names no date after `due`.
    """
    return recurrence_from(read_form(value, zone=zone), due=due, zone=zone)


def recurrence_from(form: Form, *, due: datetime | None, zone: str) -> Recurrence:
    """What a form means for a task.

    A shorthand takes the days that it does not name from `due`, the wall time of the first
    occurrence in the IANA `zone`. For a task without one ask first with `due=None`, let `first_due`
    find its date, and ask again with that.

    Raises:
        InvalidRecurrence: it names no date after `due`, could need too long a search for one, or starts in
            a year that no task starts in.
    """
    if isinstance(form, CronInput):
        return Recurrence.stored(cron=form.cron)
    rule = form.rule(due=due)
    recurrence = Recurrence(rrule=rule, basis=form.basis)
    if due is not None:
        _refuse_without_dates(rule, Series(recurrence, due, zone))
    return recurrence


def check_series(series: Series) -> None:
    """Refuse a series of which some later search for a date could be too long.

    Raises:
        InvalidRecurrence
    """
    rule = series.rule.rrule
    if rule is None:
        return
    refuse_long_searches(rule, series.start, restarts=series.rule.basis == "completion")


def last_counted(series: Series) -> datetime | None:
    """The last date that the rule's COUNT allows; None without one.

    With the basis `completion` it counts what was done, not dates.
    """
    rule = series.rule.rrule
    if rule is None or rule.count is None or series.rule.basis == "completion":
        return None
    return last_date(rule, series.start)


def first_due(rule: Recurrence, *, zone: str, now: datetime) -> Occurrence:
    """Where a series begins whose task came without a due date: the rule's first date after `now`.

    `now` is aware; a date of an RRULE is due at 09:00.

    Raises:
        InvalidRecurrence: the rule has ended.
    """
    here = wall_time(now, zone)
    if rule.rrule is not None:
        today = datetime.combine(here.date(), MORNING)
        start = today if instant(today, zone) > now else today + timedelta(days=1)
        wall = first_date(replace(rule.rrule, interval=1), start)
    else:
        dates = cron_dates(str(rule.cron), after=here)
        wall = next((date for date in dates if instant(date, zone) > now), None)
    if wall is None:
        raise InvalidRecurrence(
            f"The recurrence '{rule.rrule or rule.cron}' has no date left after {here:%Y-%m-%d}."
        )
    return Occurrence(wall, instant(wall, zone), number=1)


def next_due(series: Series, *, scheduled: datetime, number: int, finished: datetime) -> Occurrence | None:
    """The occurrence to open when one is done or skipped; None when the series is over.

    With the basis `due` it is the first date after `scheduled` that is still ahead, so a late
    completion passes over the dates missed; COUNT counts those too, because it says which dates
    the rule has. With the basis `completion` the rule starts again on the local day of `finished`,
    at the series' time of day, and COUNT counts occurrences. Then a rule that names its days never
    repeats the date just done, even if it was done early.

    Args:
        scheduled: where the rule placed the finished occurrence (wall time), wherever it was moved.
        number: the finished occurrence's number.
        finished: instant (aware) of completing or skipping.
    """
    if series.rule.rrule is not None and series.rule.basis == "completion":
        wall = _restarted(series.rule.rrule, series, scheduled, number, finished)
    else:
        wall = _still_ahead(series, scheduled, finished)
    if wall is None:
        return None
    return Occurrence(wall, instant(wall, series.zone), number + 1)


def _still_ahead(series: Series, scheduled: datetime, finished: datetime) -> datetime | None:
    # Wall times that a change of the clocks skips share one instant: one of them is enough.
    passed = max(finished, instant(scheduled, series.zone))
    dates = _dates(series, after=max(scheduled, wall_time(finished, series.zone)))
    return next((date for date in dates if instant(date, series.zone) > passed), None)


def ended_by_date(series: Series) -> RRule | None:
    """The rule with an UNTIL in place of its COUNT; None for a cron expression.

    An UNTIL needs no walk through all dates since the start.
    """
    rule = series.rule.rrule
    if rule is None or rule.count is None:
        return rule
    return replace(rule, count=None, until=series.last or last_counted(series))


def _dates(series: Series, *, after: datetime) -> Iterator[datetime]:
    rule = ended_by_date(series)
    if rule is not None:
        return series_dates(rule, series.start, after=after)
    return cron_dates(str(series.rule.cron), after=after)


def _restarted(
    rule: RRule, series: Series, scheduled: datetime, number: int, finished: datetime
) -> datetime | None:
    if rule.count is not None and number >= rule.count:
        return None
    restart = datetime.combine(wall_time(finished, series.zone), series.start.time())
    placed = replace(rule.on(restart) if rule.is_bare else rule, count=None)
    after = restart if rule.is_bare else max(restart, scheduled)
    return next(series_dates(placed, restart, after=after), None)


def _refuse_without_dates(rule: RRule, series: Series) -> None:
    due = series.start
    if next(series_dates(rule, due, after=due - timedelta(days=1)), None) is None:
        raise InvalidRecurrence(f"The rule '{rule}' ends before the due date {due:%Y-%m-%d}.")
    if series.rule.basis == "due" and next(series_dates(rule.without_end(), due, after=due), None) is None:
        raise InvalidRecurrence(f"The rule '{rule}' yields no date after the due date {due:%Y-%m-%d}.")
    check_series(series)
