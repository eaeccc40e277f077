"""What a caller asks of a job, and the instants that follow from it."""

from datetime import UTC, datetime, timedelta
from typing import Any, Self

from pydantic import ConfigDict, Field

from todoapp_sidecar.durations import parse_duration, parse_instant
from todoapp_sidecar.model import Model
from todoapp_sidecar.schedule import InvalidSchedule, parse_due_time, parse_schedule

__all__ = ["JobRequest"]


class _Constant(Model):
    """Try again every `interval`, `max_retries` times, or without limit if that is missing."""

    model_config = ConfigDict(extra="ignore")

    interval: str = "1s"
    max_retries: int | None = Field(default=None, ge=0)


class _FailurePolicy(Model):
    model_config = ConfigDict(extra="ignore")

    constant: _Constant | None = None
    drop: dict[str, Any] | None = None


class JobRequest(Model):
    """The body of a scheduling call; camelCase and snake_case are read, as protobuf does."""

    model_config = ConfigDict(extra="ignore")

    schedule: str | None = None
    due_time: str | None = None
    repeats: int | None = Field(default=None, ge=0, lt=2**32)
    ttl: str | None = None
    data: Any = None
    failure_policy: _FailurePolicy = _FailurePolicy(constant=_Constant(max_retries=3))
    name: str | None = Field(default=None, exclude=True)
    overwrite: bool = Field(default=False, exclude=True)

    def check(self) -> Self:
        """Refuse what cannot be scheduled.

        Raises:
            InvalidSchedule: with the Dapr scheduler's words.
        """
        if self.schedule is None and self.ttl is not None:
            raise InvalidSchedule("job must have a schedule to have a ttl")
        if self.schedule is None and self.repeats is not None:
            raise InvalidSchedule("job must have a schedule to repeat")
        if self.repeats == 0:
            raise InvalidSchedule("defined repeats must be greater than 0")
        if self.failure_policy.constant is not None:
            _interval(self.failure_policy.constant)
        return self

    def first_tick(self, now: datetime) -> datetime | None:
        """The first instant to run; None when the schedule has no tick.

        Raises:
            InvalidSchedule: `due_time` or `schedule` is not one.
        """
        schedule = parse_schedule(self.schedule) if self.schedule is not None else None
        if self.due_time is not None:
            return parse_due_time(self.due_time, now=now)
        return schedule.after(now) if schedule is not None else None

    def expiry(self, now: datetime) -> datetime | None:
        """The instant after which no tick runs, counted from the due time if there is one.

        Raises:
            InvalidSchedule: `ttl` is neither a duration nor an instant.
        """
        if self.ttl is None:
            return None
        start = parse_due_time(self.due_time, now=now) if self.due_time is not None else now
        try:
            return parse_instant(self.ttl, now=start)
        except (ValueError, OverflowError) as error:
            raise InvalidSchedule("ttl format not recognized") from error

    def tick_after(self, tick: datetime, *, ticks: int, expiry: datetime | None) -> datetime | None:
        """The instant to run after `tick`, when `ticks` have been; None when that was the last."""
        if self.schedule is None or ticks == self.repeats:
            return None
        next_tick = parse_schedule(self.schedule).after(tick.astimezone(UTC))
        return None if next_tick and expiry and next_tick > expiry else next_tick

    def retry_delay(self, attempts: int) -> float | None:
        """Seconds until the next try after `attempts` failed ones; None to give up this tick."""
        policy = self.failure_policy.constant
        if policy is None or (policy.max_retries is not None and attempts > policy.max_retries):
            return None
        return _interval(policy).total_seconds()


def _interval(policy: _Constant) -> timedelta:
    try:
        return parse_duration(policy.interval)
    except ValueError as error:
        raise InvalidSchedule(f"failure policy interval: {error}") from error
