"""A recurrence as people and programs write it: a rule, a cron expression or a shorthand."""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator

from todoapp.features.tasks.recurrence.parser import LARGEST_COUNT, LARGEST_INTERVAL, YEARS, parse_rrule
from todoapp.features.tasks.recurrence.rrule import Frequency, InvalidRecurrence, NthWeekday, RRule

__all__ = ["Basis", "CronInput", "RecurrenceInput", "RuleInput"]

Basis = Literal["due", "completion"]
Unit = Literal["day", "week", "month", "year"]

WEEKDAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONDAY_TO_FRIDAY = tuple(NthWeekday(weekday) for weekday in range(5))
FREQUENCIES: dict[Unit, Frequency] = {
    "day": Frequency.DAILY,
    "week": Frequency.WEEKLY,
    "month": Frequency.MONTHLY,
    "year": Frequency.YEARLY,
}
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _weekday(name: object) -> int:
    for weekday, full in enumerate(WEEKDAY_NAMES):
        if isinstance(name, str) and name.lower() in (full, full[:3], full[:2]):
            return weekday
    raise ValueError("a weekday is written Monday, Mon or MO")


def _day(text: object) -> date:
    if not isinstance(text, str) or not DAY.fullmatch(text):
        raise ValueError("a day is written as in 2027-06-30")
    day = date.fromisoformat(text)
    if day.year not in YEARS:
        raise ValueError(f"it must be in the years {YEARS[0]} to {YEARS[-1]}")
    return day


Weekday = Annotated[int, BeforeValidator(_weekday, json_schema_input_type=str)]
DayOfMonth = Annotated[int, Field(ge=1, le=31, description="in a month without it, the month's last day")]
EndDate = Annotated[
    date,
    BeforeValidator(_day, json_schema_input_type=date),
    Field(description="last day on which an occurrence may fall"),
]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    @model_validator(mode="before")
    @classmethod
    def _known_fields(cls, written: Mapping[str, object]) -> Mapping[str, object]:
        if unknown := sorted(written.keys() - cls.model_fields.keys()):
            raise InvalidRecurrence(
                f"'recurrence.{unknown[0]}' is not known here; the fields are {', '.join(cls.model_fields)}."
            )
        return written


class CronInput(_Form):
    cron: str = Field(examples=["0 9 * * 1-5"])
    basis: Literal["due"] = "due"


class RuleInput(_Form, ABC):
    """What becomes a rule of RFC 5545."""

    end_date: EndDate | None = None
    basis: Basis = "due"

    @abstractmethod
    def rule(self, *, due: datetime | None, zone: str) -> RRule:
        """The rule for a task that is due at `due`, wall time in the IANA `zone`.

        Raises:
            InvalidRecurrence
        """


class RRuleInput(RuleInput):
    rrule: str = Field(examples=["FREQ=WEEKLY;BYDAY=MO,TH;COUNT=10"])

    def rule(self, *, due: datetime | None, zone: str) -> RRule:
        rule = parse_rrule(self.rrule, zone=zone)
        if self.end_date is None:
            return rule
        if rule != rule.without_end():
            raise InvalidRecurrence("end_date ends the rule and so does its COUNT or UNTIL; keep one.")
        return replace(rule, until=self.end_date)


class Shorthand(RuleInput, ABC):
    """A rule whose days, unless named, are those of the due date."""

    interval: int = Field(default=1, ge=1, le=LARGEST_INTERVAL, description="2 is every other one")
    count: int | None = Field(default=None, ge=1, le=LARGEST_COUNT, description="occurrences in all")

    @model_validator(mode="after")
    def _ends_one_way(self) -> Self:
        if self.count is not None and self.end_date is not None:
            raise InvalidRecurrence("count and end_date both end the recurrence; keep one.")
        return self

    def rule(self, *, due: datetime | None, zone: str) -> RRule:
        rule = self._as_named()
        # One that restarts on completion takes its day from there instead.
        return rule.on(due) if rule.is_bare and due is not None and self.basis == "due" else rule

    @abstractmethod
    def _as_named(self) -> RRule:
        """The rule with such days as are named."""

    def _every(self, frequency: Frequency) -> RRule:
        return RRule(frequency, self.interval, count=self.count, until=self.end_date)


class Daily(Shorthand):
    type: Literal["daily"]

    def _as_named(self) -> RRule:
        return self._every(Frequency.DAILY)


class Weekly(Shorthand):
    type: Literal["weekly"]
    days: list[Weekday] = Field(default=[], max_length=7, examples=[["Monday", "Thursday"]])

    def _as_named(self) -> RRule:
        by_day = tuple(NthWeekday(weekday) for weekday in sorted(set(self.days)))
        return replace(self._every(Frequency.WEEKLY), by_day=by_day)


class Weekdays(Shorthand):
    """Monday to Friday."""

    type: Literal["weekdays"]

    def _as_named(self) -> RRule:
        return replace(self._every(Frequency.WEEKLY), by_day=MONDAY_TO_FRIDAY)


class Monthly(Shorthand):
    type: Literal["monthly"]
    day_of_month: DayOfMonth | None = None

    def _as_named(self) -> RRule:
        rule = self._every(Frequency.MONTHLY)
        return rule if self.day_of_month is None else rule.on_month_day(self.day_of_month)


class Yearly(Shorthand):
    type: Literal["yearly"]
    month: int | None = Field(default=None, ge=1, le=12)
    day_of_month: DayOfMonth | None = None

    @model_validator(mode="after")
    def _a_whole_date(self) -> Self:
        if (self.month is None) != (self.day_of_month is None):
            raise InvalidRecurrence("A yearly recurrence takes month and day_of_month together.")
        return self

    def _as_named(self) -> RRule:
        rule = self._every(Frequency.YEARLY)
        return rule if self.day_of_month is None else rule.on_month_day(self.day_of_month, self.month)


class Custom(Shorthand):
    type: Literal["custom"]
    unit: Unit

    def _as_named(self) -> RRule:
        return self._every(FREQUENCIES[self.unit])


def _kind(written: object) -> object:
    if isinstance(written, Mapping):
        return next((kind for kind in ("rrule", "cron") if kind in written), written.get("type"))
    return None


RecurrenceInput = Annotated[
    Annotated[RRuleInput, Tag("rrule")]
    | Annotated[CronInput, Tag("cron")]
    | Annotated[Daily, Tag("daily")]
    | Annotated[Weekly, Tag("weekly")]
    | Annotated[Weekdays, Tag("weekdays")]
    | Annotated[Monthly, Tag("monthly")]
    | Annotated[Yearly, Tag("yearly")]
    | Annotated[Custom, Tag("custom")],
    Discriminator(
        _kind,
        custom_error_type="recurrence_kind",
        custom_error_message=(
            "it needs an rrule, a cron or a type (daily, weekly, weekdays, monthly, yearly, custom)"
        ),
    ),
]
