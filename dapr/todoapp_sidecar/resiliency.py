"""How often a delivery is tried again: the inbound half of Dapr's Resiliency policies."""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator

from todoapp_sidecar.durations import parse_duration
from todoapp_sidecar.model import Model

__all__ = ["Inbound", "ResiliencySpec", "RetryPolicy", "inbound"]

_FIRST_INTERVAL = 0.5
_GROWTH = 1.5
_SPREAD = 0.5
"""Dapr's exponential back-off: 0.5 s, half as much again each time, give or take half."""

Duration = Annotated[timedelta, BeforeValidator(lambda value: parse_duration(str(value)))]


class _Matching(Model):
    http_status_codes: str = Field(default="", alias="httpStatusCodes")
    grpc_status_codes: str = Field(default="", alias="gRPCStatusCodes")

    @field_validator("http_status_codes", "grpc_status_codes", mode="before")
    @classmethod
    def _ranges(cls, value: object) -> str:
        for part in filter(None, str(value).split(",")):
            if not all(bound.strip().isdigit() for bound in part.split("-", 1)):
                raise ValueError(f"'{part}' is not a status code or a range such as 500-599")
        return str(value)


class RetryPolicy(Model):
    """A named policy; `max_retries` of -1 is without limit."""

    policy: Literal["constant", "exponential"]
    duration: Duration = timedelta(seconds=5)
    max_interval: Duration = timedelta(seconds=60)
    max_retries: int = Field(default=-1, ge=-1)
    matching: _Matching = _Matching()

    def delay(self, attempts: int) -> float | None:
        """Seconds until the next try after `attempts` failed ones (1 or more); None to give up."""
        if 0 <= self.max_retries < attempts:
            return None
        if self.policy == "constant":
            return self.duration.total_seconds()
        ceiling = self.max_interval.total_seconds()
        # The exponent is bounded because a float overflows at some 1700 attempts.
        interval = min(_FIRST_INTERVAL * _GROWTH ** min(attempts - 1, 100), ceiling)
        return min(interval * random.uniform(1 - _SPREAD, 1 + _SPREAD), ceiling)  # noqa: S311 - no secret

    def retries(self, status: int) -> bool:
        """Whether an answer with this HTTP status is worth another try."""
        ranges = [part.strip() for part in self.matching.http_status_codes.split(",") if part.strip()]
        return not ranges or any(_within(status, part) for part in ranges)


class _Policies(Model):
    timeouts: dict[str, Duration] = Field(default_factory=dict)
    retries: dict[str, RetryPolicy] = Field(default_factory=dict)
    circuit_breakers: dict[str, Any] = Field(default_factory=dict)


class _Target(Model):
    timeout: str = ""
    retry: str = ""
    circuit_breaker: str = ""


class _ComponentTarget(Model):
    inbound: _Target = _Target()
    outbound: _Target = _Target()


class _Targets(Model):
    apps: dict[str, Any] = Field(default_factory=dict)
    actors: dict[str, Any] = Field(default_factory=dict)
    components: dict[str, _ComponentTarget] = Field(default_factory=dict)


class ResiliencySpec(Model):
    """Only the inbound targets of pub/sub components have an effect; the rest is read and ignored."""

    policies: _Policies = _Policies()
    targets: _Targets = _Targets()


@dataclass(frozen=True)
class Inbound:
    """What applies to deliveries from one pub/sub component; `timeout` in seconds."""

    retry: RetryPolicy | None = None
    timeout: float | None = None


def inbound(specs: Iterable[ResiliencySpec], component: str) -> Inbound:
    """The policies for deliveries from `component`; the first file that names it decides."""
    for spec in specs:
        if (target := spec.targets.components.get(component)) is not None:
            timeout = spec.policies.timeouts.get(target.inbound.timeout)
            return Inbound(
                retry=spec.policies.retries.get(target.inbound.retry),
                timeout=timeout.total_seconds() if timeout else None,
            )
    return Inbound()


def _within(status: int, part: str) -> bool:
    first, _, last = part.partition("-")
    return int(first) <= status <= int(last or first)
