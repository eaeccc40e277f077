"""What the application refuses, as kinds of errors. Features subclass a kind; the edge gives it a status."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Self

__all__ = [
    "Conflict",
    "DomainError",
    "Forbidden",
    "Gone",
    "Invalid",
    "NotFound",
    "Stale",
    "TooManyRequests",
    "Unauthorized",
    "Unavailable",
    "Violation",
]


@dataclass(frozen=True)
class Violation:
    """One part of a request that breaks a rule."""

    pointer: str
    """JSON pointer (RFC 6901) into the body: `/title`; other parts of a request as `#/query/limit`"""
    detail: str


class DomainError(Exception):
    """A rule of the application says no.

    The message tells a person what to do next. `code` is for programs and never changes.
    """

    code: ClassVar[str]

    def __init__(
        self, detail: str, *, errors: Sequence[Violation] = (), retry_after: timedelta | None = None
    ) -> None:
        super().__init__(detail)
        self.errors = tuple(errors)
        self.retry_after = retry_after

    def within(self, pointer: str) -> Self:
        """The same refusal of something that is part of a larger body."""
        parts = self.errors or (Violation("", str(self)),)
        self.errors = tuple(Violation(pointer + each.pointer, each.detail) for each in parts)
        return self


class Unauthorized(DomainError):
    """Nobody showed a valid token."""

    code = "unauthorized"


class Forbidden(DomainError):
    """The user is known and may not do this."""

    code = "forbidden"


class NotFound(DomainError):
    """It does not exist, or it belongs to someone else: the answer must not tell which."""

    code = "not-found"


class Conflict(DomainError):
    """It does not fit what is stored already."""

    code = "conflict"


class Gone(DomainError):
    """It existed and is no longer kept."""

    code = "gone"


class Stale(DomainError):
    """The caller changed a version that is no longer the newest."""

    code = "stale"


class Invalid(DomainError):
    """The request itself is wrong, independent of what is stored."""

    code = "invalid"


class TooManyRequests(DomainError):
    code = "too-many-requests"


class Unavailable(DomainError):
    """A dependency is unavailable; the same request works later."""

    code = "unavailable"
