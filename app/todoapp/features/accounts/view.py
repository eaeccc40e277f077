"""An account, its sessions and its tokens, as people see them."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import Field

from todoapp.features.accounts.identity import Scope
from todoapp.kit.fields import View
from todoapp.kit.usage import Usage

__all__ = ["AccountView", "ApiTokenView", "QuotaView", "QuotasView", "SessionView", "UserView"]


class UserView(View):
    id: UUID
    email: str
    name: str
    timezone: str
    version: int
    created_at: datetime
    email_verified: bool = Field(description="whether a link to this address was opened")


class AccountView(View):
    """An account, as the people who run the installation see it."""

    id: UUID
    email: str
    name: str
    used_tasks: int
    created_at: datetime
    email_verified_at: datetime | None
    last_used_at: datetime | None
    disabled_at: datetime | None


class QuotaView(View):
    used: int
    limit: int | None = Field(description="null: none")


class QuotasView(View):
    """How much there is of what has a limit, and how much there may be."""

    tasks: QuotaView
    tags: QuotaView = Field(description="tags and categories together")
    bytes: QuotaView = Field(description="of the titles and descriptions of tasks, in UTF-8")
    tokens: QuotaView
    webhooks: QuotaView
    channels: QuotaView

    @classmethod
    def of(cls, usage: Usage) -> Self:
        return cls(
            **{
                what.value: QuotaView(used=used, limit=usage.limits.get(what) or None)
                for what, used in usage.numbers.items()
            }
        )


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
