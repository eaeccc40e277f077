"""Bringing tasks along from elsewhere."""

import asyncio
from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from starlette.exceptions import HTTPException

from todoapp.features.accounts import service as accounts
from todoapp.features.importing.entries import Entry
from todoapp.features.importing.files import MediaType, read_file
from todoapp.features.importing.report import ImportReport
from todoapp.features.importing.service import import_entries
from todoapp.processes.api.dependencies import Changes, CurrentRuntime, CurrentWriter, Now
from todoapp.processes.api.routing import resource_router

__all__ = ["PATH", "router"]

PATH = "/api/import"

router = resource_router(PATH, "Import")

EMPTY_EXPORT = {"format": "todoapp-export/1", "categories": [], "tags": [], "tasks": []}
CONTENT: dict[str, Any] = {
    MediaType.EXPORT.value: {"schema": {"type": "object", "examples": [EMPTY_EXPORT]}},
    MediaType.ICAL.value: {"schema": {"type": "string"}},
    MediaType.TODOIST.value: {"schema": {"type": "string"}},
}


async def _entries(
    request: Request, user_id: CurrentWriter, runtime: CurrentRuntime, now: Now
) -> Sequence[Entry]:
    """What the file says. It is read before the transaction, which would block the user's other requests."""
    media_type = _media_type(request)
    async with runtime.database.read() as session:
        zone = (await accounts.get_user(session, user_id)).timezone
    return await asyncio.to_thread(read_file, await request.body(), media_type, now=now, zone=zone)


def _media_type(request: Request) -> MediaType:
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        return MediaType(given)
    except ValueError:
        known = ", ".join(MediaType)
        raise HTTPException(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Send the file with one of the types {known}."
        ) from None


@router.post("", openapi_extra={"requestBody": {"required": True, "content": CONTENT}})
async def import_tasks(
    entries: Annotated[Sequence[Entry], Depends(_entries)],
    changes: Changes,
    dry_run: Annotated[bool, Query(description="only report on what would happen")] = False,
) -> ImportReport:
    """Import a file: our own export as JSON, iCalendar, or Todoist's CSV.

    It may have 10 MiB, unless the installation sets another limit.

    All of it is imported or, with 422, nothing. What is there already, from an earlier import of the
    same file, stays as it is.
    """
    return await import_entries(changes, entries, dry_run=dry_run)
