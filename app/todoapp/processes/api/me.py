"""The account of the token's user."""

from http import HTTPStatus
from typing import Any

from fastapi import Response
from pydantic import Field, SecretStr

from todoapp.features.accounts import service
from todoapp.features.accounts.service import ProfileEdit
from todoapp.features.accounts.view import QuotasView, UserView
from todoapp.features.personal_data.erasure import erase
from todoapp.features.personal_data.revocation import Credentials, end_all
from todoapp.kit.fields import Input, Name, NewPassword, TimeZone
from todoapp.kit.usage import Usage
from todoapp.messaging.outbox import usage_of
from todoapp.processes.api.conditional import IfMatch, IfNoneMatch, tag
from todoapp.processes.api.dependencies import (
    Changes,
    CurrentGuessLimits,
    CurrentOrigin,
    CurrentRuntime,
    CurrentSession,
    FreshChanges,
    Reading,
)
from todoapp.processes.api.routing import resource_router

router = resource_router("/api/me", "Accounts")


UNCHANGED: Any = None
"""Default of a field that was not sent; null, when sent, is refused."""


class ProfilePatch(Input):
    name: Name = UNCHANGED
    timezone: TimeZone = UNCHANGED

    def edit(self) -> ProfileEdit:
        return ProfileEdit(**self.model_dump(exclude_unset=True))


class PasswordChange(Input):
    current_password: SecretStr = Field(max_length=128, examples=["correct horse"])
    new_password: NewPassword = Field(examples=["correct horse battery staple"])
    also_end: list[Credentials] = Field(
        default=[],
        max_length=len(Credentials),
        description="all your API tokens, your calendar's URL, all webhooks, all channels",
    )


@router.get("")
async def get_me(reading: Reading, if_none_match: IfNoneMatch, response: Response) -> UserView:
    """Your profile."""
    user = await service.get_user(reading.session, reading.user_id)
    if_none_match.check(user.version)
    tag(response, user.version)
    return UserView.model_validate(user)


@router.get("/quotas")
async def get_quotas(reading: Reading, runtime: CurrentRuntime) -> QuotasView:
    """How much you have of what has a limit. What would exceed a limit is answered 409 `quota-exceeded`."""
    used = await usage_of(reading.session, reading.user_id)
    return QuotasView.of(Usage(dict(used), runtime.outbox.limits))


@router.patch("")
async def edit_me(body: ProfilePatch, changes: Changes, if_match: IfMatch, response: Response) -> UserView:
    """Change your name or your time zone; what is left out stays."""
    user = await service.get_user(changes.session, changes.user_id)
    if_match.check(user.version)
    service.edit_profile(changes, user, body.edit())
    tag(response, user.version)
    return UserView.model_validate(user)


@router.delete("", status_code=HTTPStatus.NO_CONTENT)
async def delete_me(changes: FreshChanges) -> None:
    """Delete your account with all that is yours, at once and for good.

    It takes a log-in of the last five minutes. `GET /api/me/export` saves your data before.
    """
    await erase(changes)


@router.put("/password", status_code=HTTPStatus.NO_CONTENT)
async def change_password(
    body: PasswordChange,
    identity: CurrentSession,
    runtime: CurrentRuntime,
    origin: CurrentOrigin,
    limits: CurrentGuessLimits,
) -> None:
    """Change your password. All your other sessions end, and of what goes on without one what you wish."""
    async with service.changing_password(
        runtime.outbox,
        identity,
        limits,
        current=body.current_password.get_secret_value(),
        new=body.new_password.get_secret_value(),
        origin=origin,
    ) as changes:
        await end_all(changes, body.also_end)
