"""Taking one's data along."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import StreamingResponse

from todoapp.features.personal_data.document import Export
from todoapp.features.personal_data.export import export
from todoapp.kit.errors import TooManyRequests, Unavailable
from todoapp.kit.pools import Places, Turns
from todoapp.kit.scratch import PIECE, Scratch, ScratchFile
from todoapp.processes.api.dependencies import CurrentReader, CurrentRuntime, Now
from todoapp.processes.api.routing import resource_router
from todoapp.processes.web.presence import while_connected

__all__ = ["ExportWork", "router"]

router = resource_router("/api/me/export", "Accounts")

AT_ONCE = 2
"""Exports that a process writes down at a time: each holds a connection."""
ADMITTED = 50
"""Exports that a process has begun; most of them are written down and wait for their readers."""
RETRY_AFTER = timedelta(seconds=5)


class ExportsBusy(Unavailable):
    code = "exports-busy"

    def __init__(self) -> None:
        super().__init__(
            "Other exports are being written; try again in a few seconds.", retry_after=RETRY_AFTER
        )


class ExportRunning(TooManyRequests):
    code = "export-running"

    def __init__(self) -> None:
        super().__init__("An export of yours is running; wait until it has ended.", retry_after=RETRY_AFTER)


class ExportWork:
    """Where a process works on exports."""

    def __init__(self) -> None:
        self.turns = Turns(AT_ONCE, ExportsBusy)
        self.places = Places(ADMITTED, ExportsBusy, ExportRunning)


async def _written(
    request: Request, user_id: CurrentReader, runtime: CurrentRuntime, now: Now
) -> AsyncIterator[ScratchFile]:
    """The export as a file, which is kept until its reader has all of it or has left."""
    work: ExportWork = request.app.state.export_work
    scratch: Scratch = request.app.state.scratch
    with work.places.taken_by(user_id), scratch.file() as file:
        await while_connected(request, _write(work, file, export(runtime.database, user_id, now=now)))
        yield file


async def _write(work: ExportWork, file: ScratchFile, pieces: AsyncGenerator[bytes, None]) -> None:
    async with work.turns.taken(), aclosing(pieces):
        async for piece in pieces:
            for start in range(0, len(piece), PIECE):
                file.write(piece[start : start + PIECE])
                await asyncio.sleep(0)  # compressing a piece takes a millisecond, which is enough at a time


@router.get("", response_model=Export)
async def export_me(file: Annotated[ScratchFile, Depends(_written)], now: Now) -> StreamingResponse:
    """Everything that is yours, as one JSON document. Each user has one export at a time."""

    async def pieces() -> AsyncIterator[bytes]:
        for piece in file.pieces():
            yield piece

    return StreamingResponse(
        pieces(),
        media_type="application/json",
        headers={
            "Content-Disposition": f'attachment; filename="todoapp-export-{now:%Y-%m-%d}.json"',
            "Content-Length": str(file.size),
        },
    )
