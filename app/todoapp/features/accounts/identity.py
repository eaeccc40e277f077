"""Who acts, and what they may do."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from todoapp.features.accounts.errors import MissingScope

__all__ = ["Identity", "Scope", "SessionIdentity", "TokenIdentity"]


class Scope(StrEnum):
    """What a personal API token may be allowed; neither includes the other."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who a valid credential speaks for."""

    user_id: UUID
    scopes: frozenset[Scope] = frozenset(Scope)
    expires_at: datetime | None = field(default=None, compare=False)
    """when the credential that was shown ends; None is never"""

    def require(self, scope: Scope) -> None:
        """
        Raises:
            MissingScope
        """
        if scope not in self.scopes:
            raise MissingScope(scope, sorted(self.scopes))


@dataclass(frozen=True, kw_only=True)
class SessionIdentity(Identity):
    """A person who logged in; only they manage the account and its credentials."""

    session_id: UUID


@dataclass(frozen=True, kw_only=True)
class TokenIdentity(Identity):
    """A program that holds a personal API token."""
