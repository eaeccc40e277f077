"""Sync: every change of a user's data since a number, oldest first."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, Field

from todoapp.features.accounts.visibility import visible
from todoapp.messaging.feed import Change, changes_since, current_seq
from todoapp.processes.api.dependencies import CurrentIdentity, Reading
from todoapp.processes.api.routing import resource_router

__all__ = ["router"]

router = resource_router("/api/sync", "Sync")


class Changed(BaseModel):
    changes: list[Change]
    seq: int = Field(description="ask with this number next")
    more: bool = Field(description="whether there are changes after these already")


@router.get("", responses={HTTPStatus.GONE: {}})
async def get_changes(
    reading: Reading,
    identity: CurrentIdentity,
    since: Annotated[
        int | None, Query(ge=0, lt=2**63, description="the number up to which you know everything")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> Changed:
    """Read what changed after a number.

    Without `since` the answer is the newest number alone. So begin with that, then load what you
    need, then ask for what changed in between. Changes carry whole values: seeing one twice does no harm.
    An API token is not told of sessions and tokens, so its numbers have gaps where those changed.
    """
    if since is None:
        return Changed(changes=[], seq=await current_seq(reading.session, reading.user_id), more=False)
    found = await changes_since(reading.session, reading.user_id, since, limit=limit + 1)
    changes = found[:limit]
    return Changed(
        changes=visible(changes, identity),
        seq=changes[-1].seq if changes else since,
        more=len(found) > len(changes),
    )
