"""Personal API tokens, for a user's own programs."""

from datetime import datetime
from http import HTTPStatus
from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field

from todoapp.features.accounts import api_tokens
from todoapp.features.accounts.api_tokens import DEFAULT_LIFETIME
from todoapp.features.accounts.identity import Scope
from todoapp.features.accounts.model import ApiToken
from todoapp.features.accounts.view import ApiTokenView
from todoapp.features.notifications.service import tell_of_credential
from todoapp.kit.errors import Invalid, Violation
from todoapp.kit.fields import Input, Name, Timestamp
from todoapp.processes.api.dependencies import AccountChanges, CurrentSession, FreshChanges, Reading
from todoapp.processes.api.routing import resource_router

__all__ = ["router"]

router = resource_router("/api/tokens", "Accounts")


class AlreadyExpired(Invalid):
    code = "already-expired"

    def __init__(self) -> None:
        sentence = "A token can only expire in the future."
        super().__init__(sentence, errors=[Violation("/expires_at", sentence)])


class NewToken(Input):
    name: Name = Field(examples=["Backup script"])
    scopes: list[Scope] = Field(
        min_length=1, max_length=2, description="neither includes the other", examples=[["read"]]
    )
    expires_at: Timestamp | None = Field(
        default=None, description="90 days from now when it is left out; null for a token that never expires"
    )

    def ends_at(self, now: datetime) -> datetime | None:
        return self.expires_at if "expires_at" in self.model_fields_set else now + DEFAULT_LIFETIME


class CreatedToken(ApiTokenView):
    token: str = Field(description="goes into `Authorization: Bearer …`; it is shown this once")

    @classmethod
    def of(cls, stored: ApiToken, token: str) -> Self:
        return cls(**dict(ApiTokenView.model_validate(stored)), token=token)


class ApiTokens(BaseModel):
    items: list[ApiTokenView] = Field(description="the newest first")


@router.get("")
async def list_tokens(_identity: CurrentSession, reading: Reading) -> ApiTokens:
    """Your API tokens, without the tokens themselves."""
    found = await api_tokens.list_tokens(reading.session, reading.user_id)
    return ApiTokens(items=[ApiTokenView.model_validate(each) for each in found])


@router.post("", status_code=HTTPStatus.CREATED, responses={HTTPStatus.CONFLICT: {}})
async def create_token(body: NewToken, changes: FreshChanges) -> CreatedToken:
    """Make a token for a program. It takes a log-in of the last five minutes.

    A token may not make tokens, channels, webhooks or calendar URLs, nor manage sessions, the password or the
    account.

    The answer is not kept, so repeating the request makes another token, even with its `Idempotency-Key`.
    """
    expires_at = body.ends_at(changes.now)
    if expires_at is not None and expires_at <= changes.now:
        raise AlreadyExpired
    stored, token = await api_tokens.create_token(
        changes, name=body.name, scopes=body.scopes, expires_at=expires_at
    )
    await tell_of_credential(changes, "An API token was made.")
    return CreatedToken.of(stored, token)


@router.delete("/{token_id}", status_code=HTTPStatus.NO_CONTENT)
async def delete_token(token_id: UUID, changes: AccountChanges) -> None:
    """Revoke a token; it stops working at once."""
    await api_tokens.delete_token(changes, token_id)
