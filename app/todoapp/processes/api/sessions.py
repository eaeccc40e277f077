"""Where a user is logged in."""

from http import HTTPStatus
from typing import Annotated, Self
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field

from todoapp.features.accounts import sessions
from todoapp.features.accounts.model import UserSession
from todoapp.features.accounts.view import SessionView
from todoapp.features.personal_data.revocation import Credentials, end_all
from todoapp.processes.api.dependencies import AccountChanges, CurrentSession, Reading
from todoapp.processes.api.routing import resource_router

__all__ = ["router"]

router = resource_router("/api/sessions", "Accounts")


ALSO_END = "all your API tokens, your calendar's URL, all webhooks, all channels"


class ListedSession(SessionView):
    current: bool = Field(description="whether this request came from it")

    @classmethod
    def of(cls, opened: UserSession, *, current_id: UUID) -> Self:
        return cls(**dict(SessionView.model_validate(opened)), current=opened.id == current_id)


class Sessions(BaseModel):
    items: list[ListedSession] = Field(description="the newest first")


@router.get("")
async def list_sessions(identity: CurrentSession, reading: Reading) -> Sessions:
    """Where you are logged in."""
    found = await sessions.list_sessions(reading.session, reading.user_id, now=reading.now)
    return Sessions(items=[ListedSession.of(each, current_id=identity.session_id) for each in found])


@router.delete("", status_code=HTTPStatus.NO_CONTENT)
async def end_other_sessions(
    identity: CurrentSession,
    changes: AccountChanges,
    also_end: Annotated[list[Credentials], Query(max_length=len(Credentials), description=ALSO_END)] = [],  # noqa: B006
) -> None:
    """Log out everywhere else, and end what goes on without a session if you wish."""
    await sessions.end_other_sessions(changes, but=identity.session_id)
    await end_all(changes, also_end)


@router.delete("/{session_id}", status_code=HTTPStatus.NO_CONTENT)
async def end_session(session_id: UUID, changes: AccountChanges) -> None:
    """End one of your sessions. Its tokens stop working at once."""
    await sessions.end_session(changes, session_id)
