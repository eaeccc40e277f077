"""Rate limits: token buckets in the memory of this process.

The headers are those of https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil
from typing import Any, Self

from cachetools import TTLCache
from fastapi import Request, Response

from todoapp.kit.errors import TooManyRequests
from todoapp.kit.settings import Settings
from todoapp.processes.web.problem import refuse

__all__ = [
    "Allowance",
    "Quota",
    "RateLimited",
    "RateLimiter",
    "RateLimits",
    "answer_rate_limited",
    "origin_of",
]

MOST_BUCKETS = 100_000
"""Of more buckets than this, those used longest ago are dropped; their callers get a full quota early."""


@dataclass(frozen=True)
class Quota:
    """At most `limit` of what `name` counts per `window`, refilled evenly; 0 is no limit."""

    name: str
    limit: int
    window: timedelta


@dataclass(frozen=True)
class Allowance:
    """What is left of a quota after a request."""

    quota: Quota
    remaining: int
    full_in: timedelta
    """until nothing is used up any more"""

    @property
    def fields(self) -> dict[str, str]:
        """The allowance as header fields; windows and waiting times are in whole seconds."""
        quota = self.quota
        return {
            "RateLimit-Policy": f'"{quota.name}";q={quota.limit};w={_seconds(quota.window)}',
            "RateLimit": f'"{quota.name}";r={self.remaining};t={_seconds(self.full_in)}',
        }


class RateLimited(TooManyRequests):
    code = "rate-limited"

    def __init__(self, allowance: Allowance, retry_after: timedelta) -> None:
        quota = allowance.quota
        wait = timedelta(seconds=_seconds(retry_after))
        super().__init__(
            f"Too many {quota.name}: at most {quota.limit} in {_seconds(quota.window)} s; "
            f"try again in {_seconds(wait)} s.",
            retry_after=wait,
        )
        self.allowance = allowance


class RateLimiter:
    """One bucket per key, with room for the whole quota, filled again evenly over the window.

    A bucket is remembered by the instant at which it will be full (the generic cell rate
    algorithm, ITU-T I.371); one that is full needs no memory.
    """

    def __init__(self, quota: Quota, now: Callable[[], datetime]) -> None:
        self._quota = quota
        self._now = now
        self._full_at: TTLCache[Hashable, datetime] = TTLCache(
            MOST_BUCKETS, quota.window.total_seconds(), timer=lambda: now().timestamp()
        )

    def take(self, key: Hashable) -> Allowance | None:
        """Use up one request.

        Returns:
            What is left; None if there is no limit.

        Raises:
            RateLimited: nothing is left, and nothing was used up.
        """
        quota, now = self._quota, self._now()
        if not quota.limit:
            return None
        each = quota.window // quota.limit
        # A bucket that is full stays full: what was not used cannot be saved up.
        used = max(self._full_at.get(key, now) - now, timedelta(0))
        if used > quota.window:  # the clock was set back
            used = timedelta(0)
        if used + each > quota.window:
            raise RateLimited(Allowance(quota, 0, used), retry_after=used + each - quota.window)
        used += each
        self._full_at[key] = now + used
        return Allowance(quota, (quota.window - used) // each, used)


@dataclass(frozen=True)
class RateLimits:
    """The limits of one process."""

    requests: RateLimiter
    """of a user"""
    password_checks: RateLimiter
    """for a network address"""
    calendar_reads: RateLimiter
    """of a user's calendar, by those who have its URL"""

    @classmethod
    def of(cls, settings: Settings, now: Callable[[], datetime]) -> Self:
        minute, quarter = timedelta(minutes=1), timedelta(minutes=15)
        return cls(
            requests=RateLimiter(Quota("requests", settings.requests_per_minute, minute), now),
            password_checks=RateLimiter(
                Quota("password-checks", settings.password_checks_per_quarter_hour, quarter), now
            ),
            calendar_reads=RateLimiter(
                Quota("calendar-reads", settings.calendar_reads_per_minute, minute), now
            ),
        )


def origin_of(request: Request) -> str:
    """The network that a request comes from: an IPv4 address, or the /64 that one IPv6 subscriber has."""
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host)
    except ValueError:  # a Unix socket has no address
        return host
    return str(ip_network((address, 64), strict=False)) if isinstance(address, IPv6Address) else host


async def answer_rate_limited(request: Request, error: Any) -> Response:
    answer = refuse(request, error)
    answer.headers.update(error.allowance.fields)
    return answer


def _seconds(duration: timedelta) -> int:
    return ceil(duration.total_seconds())
