"""A recurrence as people and programs write it: a rule, a cron expression or a shorthand."""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainValidator,
    Tag,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from todoapp.features.tasks.recurrence.cron import canonical_cron
from todoapp.features.tasks.recurrence.parser import LARGEST_COUNT, LARGEST_INTERVAL, YEARS, parse_rrule
from todoapp.features.tasks.recurrence.rrule import Frequency, InvalidRecurrence, NthWeekday, RRule

__all__ = ["MONDAY_TO_FRIDAY", "Basis", "CronInput", "Form", "RuleInput", "WrittenRule", "read_form"]

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


def _rrule(written: object, info: ValidationInfo) -> RRule:
    if isinstance(written, str):
        return parse_rrule(written, zone=(info.context or {}).get("zone"))
    if isinstance(written, RRule):
        return written
    raise ValueError("a rule is written as in FREQ=WEEKLY;BYDAY=MO,TH")


WrittenRule = Annotated[RRule, PlainValidator(_rrule, json_schema_input_type=str)]
"""A rule as its text, or read already; the validation context may name the IANA `zone` of an UNTIL in UTC."""
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
    cron: Annotated[str, AfterValidator(canonical_cron)] = Field(examples=["0 9 * * 1-5"])
    basis: Literal["due"] = "due"


class RuleInput(_Form, ABC):
    """What becomes a rule of RFC 5545."""

    end_date: EndDate | None = None
    basis: Basis = "due"

    @abstractmethod
    def rule(self, *, due: datetime | None) -> RRule:
        """The rule for a task that is due at the wall time `due`."""


class RRuleInput(RuleInput):
    rrule: WrittenRule = Field(examples=["FREQ=WEEKLY;BYDAY=MO,TH;COUNT=10"])

    @model_validator(mode="after")
    def _ends_one_way(self) -> Self:
        if self.end_date is not None and self.rrule != self.rrule.without_end():
            raise InvalidRecurrence("end_date ends the rule and so does its COUNT or UNTIL; keep one.")
        return self

    def rule(self, *, due: datetime | None) -> RRule:
        return self.rrule if self.end_date is None else replace(self.rrule, until=self.end_date)


class Shorthand(RuleInput, ABC):
    """A rule whose days, unless named, are those of the due date."""

    interval: int = Field(default=1, ge=1, le=LARGEST_INTERVAL, description="2 is every other one")
    count: int | None = Field(default=None, ge=1, le=LARGEST_COUNT, description="occurrences in all")

    @model_validator(mode="after")
    def _ends_one_way(self) -> Self:
        if self.count is not None and self.end_date is not None:
            raise InvalidRecurrence("count and end_date both end the recurrence; keep one.")
        return self

    def rule(self, *, due: datetime | None) -> RRule:
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


_AnyForm = Annotated[
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
Form = RuleInput | CronInput

_FORMS: TypeAdapter[Form] = TypeAdapter(_AnyForm)


def read_form(value: object, *, zone: str) -> Form:
    """Read a recurrence as a request has it: any of the forms, or the name of a type alone.

    The IANA `zone` is that of the task; it turns an UNTIL in UTC into wall time.

    Raises:
        InvalidRecurrence: it has none of the forms, or a field of it is malformed.
    """
    written = {"type": value} if isinstance(value, str) else value
    try:
        return _FORMS.validate_python(written, context={"zone": zone})
    except ValidationError as error:
        raise InvalidRecurrence(_sentence(error)) from error


def _sentence(error: ValidationError) -> str:
    """The first thing wrong, for a person to read."""
    first = error.errors(include_url=False)[0]
    reason = first.get("ctx", {}).get("error", first["msg"])
    if isinstance(reason, InvalidRecurrence):
        return str(reason)
    _form, *field = first["loc"] or ("",)
    return f"'{'.'.join(map(str, ['recurrence', *field]))}' is not valid: {reason}."
