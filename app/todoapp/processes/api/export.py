"""Taking one's data along."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

from fastapi import Request
from fastapi.responses import StreamingResponse

from todoapp.features.personal_data.document import Export
from todoapp.features.personal_data.export import export
from todoapp.kit.errors import Unavailable
from todoapp.processes.api.dependencies import CurrentReader, CurrentRuntime, Now
from todoapp.processes.api.routing import resource_router

__all__ = ["AT_ONCE", "router"]

router = resource_router("/api/me/export", "Accounts")

AT_ONCE = 2
"""Exports that a process writes at a time: each holds a connection while its reader takes its time."""


class ExportsBusy(Unavailable):
    code = "exports-busy"

    def __init__(self) -> None:
        super().__init__(
            "Other exports are being written; try again in a few seconds.", retry_after=timedelta(seconds=5)
        )


@router.get("", response_model=Export)
async def export_me(
    request: Request, user_id: CurrentReader, runtime: CurrentRuntime, now: Now
) -> StreamingResponse:
    """Everything that is yours, as one JSON document."""
    places: asyncio.Semaphore = request.app.state.export_places
    if places.locked():
        raise ExportsBusy

    async def pieces() -> AsyncIterator[bytes]:
        async with places:
            async for piece in export(runtime.database, user_id, now=now):
                yield piece

    return StreamingResponse(
        pieces(),
        media_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="todoapp-export-{now:%Y-%m-%d}.json"'},
    )
