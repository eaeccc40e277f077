"""The account of the token's user."""

from typing import Any

from fastapi import Response
from pydantic import BaseModel, ConfigDict

from todoapp.accounts import service
from todoapp.accounts.service import ProfileEdit
from todoapp.accounts.view import UserView
from todoapp.api.conditional import IfMatch, IfNoneMatch, tag
from todoapp.api.dependencies import Changes, Reading
from todoapp.api.routing import resource_router
from todoapp.fields import Name, TimeZone

router = resource_router("/api/me", "Accounts")


UNCHANGED: Any = None
"""Default of a field that was not sent; null, when sent, is refused."""


class ProfilePatch(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Name = UNCHANGED
    timezone: TimeZone = UNCHANGED

    def edit(self) -> ProfileEdit:
        return ProfileEdit(**self.model_dump(exclude_unset=True))


@router.get("")
async def get_me(reading: Reading, if_none_match: IfNoneMatch, response: Response) -> UserView:
    """Your profile."""
    user = await service.get_user(reading.session, reading.user_id)
    if_none_match.check(user.version)
    tag(response, user.version)
    return UserView.model_validate(user)


@router.patch("")
async def edit_me(body: ProfilePatch, changes: Changes, if_match: IfMatch, response: Response) -> UserView:
    """Change your name or your time zone; what is left out stays."""
    user = await service.get_user(changes.session, changes.user_id)
    if_match.check(user.version)
    service.edit_profile(changes, user, body.edit())
    tag(response, user.version)
    return UserView.model_validate(user)
