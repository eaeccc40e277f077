"""An account, its sessions and its tokens, as their owner sees them."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from todoapp.features.accounts.identity import Scope
from todoapp.kit.fields import View

__all__ = ["ApiTokenView", "SessionView", "UserView"]


class UserView(View):
    id: UUID
    email: str
    name: str
    timezone: str
    version: int
    created_at: datetime


class SessionView(View):
    id: UUID
    user_agent: str = Field(description="what the client called itself at the log-in", examples=["curl/8.9"])
    created_at: datetime
    last_used_at: datetime = Field(description="when it was opened or last refreshed")
    expires_at: datetime = Field(description="when it ends, unless it is refreshed before")


class ApiTokenView(View):
    id: UUID
    name: str
    start: str = Field(description="the first characters of the token", examples=["todo_1f0c9a"])
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None = Field(description="up to five minutes behind; null before the first use")
