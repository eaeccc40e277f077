"""Bringing tasks along from elsewhere."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Request
from fastapi.responses import StreamingResponse
from starlette.exceptions import HTTPException

from todoapp.features.accounts import service as accounts
from todoapp.features.importing.effort import Effort
from todoapp.features.importing.entries import MOST_ENTRIES, Entry
from todoapp.features.importing.errors import UnreadableFile
from todoapp.features.importing.files import MediaType, TextType, read_file
from todoapp.features.importing.own_export import ExportReader
from todoapp.features.importing.report import ImportReport, ReportWriter
from todoapp.features.importing.service import import_entries
from todoapp.kit.errors import TooManyRequests, Unavailable
from todoapp.kit.pools import Places, Pool, Turns
from todoapp.kit.scratch import Scratch, ScratchFile
from todoapp.messaging.outbox import Origin
from todoapp.processes.api.dependencies import CurrentOrigin, CurrentRuntime, CurrentWriter
from todoapp.processes.api.routing import resource_router
from todoapp.processes.runtime import Runtime
from todoapp.processes.web.presence import pieces_of_body, while_connected

__all__ = ["PATH", "ImportWork", "router"]

PATH = "/api/import"

router = resource_router(PATH, "Import")

AT_ONCE = 2
"""Imports that a process works on at a time."""
ADMITTED = 20
"""Imports that a process has begun; most of them wait for what their clients send."""
BATCH = 500
"""Entries of an own export that are written in one transaction."""

RETRY_AFTER = timedelta(seconds=5)

EMPTY_EXPORT = {"format": "todoapp-export/1", "categories": [], "tags": [], "tasks": []}
CONTENT: dict[str, Any] = {
    MediaType.EXPORT.value: {"schema": {"type": "object", "examples": [EMPTY_EXPORT]}},
    MediaType.ICAL.value: {"schema": {"type": "string"}},
    MediaType.TODOIST.value: {"schema": {"type": "string"}},
}


class ImportsBusy(Unavailable):
    code = "imports-busy"

    def __init__(self) -> None:
        super().__init__("Other imports are running; try again in a few seconds.", retry_after=RETRY_AFTER)


class ImportRunning(TooManyRequests):
    code = "import-running"

    def __init__(self) -> None:
        super().__init__("An import of yours is running; wait until it has ended.", retry_after=RETRY_AFTER)


class ImportWork:
    """Where a process works on imports."""

    def __init__(self) -> None:
        self.readers = Pool("imports", AT_ONCE)
        self.turns = Turns(AT_ONCE, ImportsBusy)
        self.places = Places(ADMITTED, ImportsBusy, ImportRunning)


@dataclass
class Import:
    """One import, with the files for what is sent and for what is answered."""

    work: ImportWork
    runtime: Runtime
    user_id: UUID
    origin: Origin
    dry_run: bool
    sent: ScratchFile
    answer: ScratchFile
    report: ReportWriter = field(init=False)

    def __post_init__(self) -> None:
        self.report = ReportWriter(self.answer.write, dry_run=self.dry_run)

    async def read_text(self, media_type: TextType) -> None:
        """Read the file that was sent, and write all of it in one transaction."""
        async with self.runtime.database.read() as session:
            zone = (await accounts.get_user(session, self.user_id)).timezone
        async with self.work.turns.taken():
            effort = Effort()
            with effort.until_left():
                entries = await self.work.readers.run(
                    read_file, self.sent.opened(), media_type, effort, now=self.origin.now, zone=zone
                )
            await self._write(entries)

    async def read_export(self, pieces: AsyncIterator[bytes]) -> Sequence[Entry]:
        """Read an own export as it arrives, and write it in one transaction after the other.

        Returns:
            The last entries, which are still to be written.
        """
        reader = ExportReader()
        entries: list[Entry] = []
        async for piece in pieces:
            await self._go_on(entries, partial(reader.feed, piece))
        await self._go_on(entries, reader.finish)
        return entries

    async def write_last(self, entries: Sequence[Entry]) -> None:
        async with self.work.turns.taken():
            await self._write(entries)

    async def _go_on(self, entries: list[Entry], read: Callable[[], list[Entry]]) -> None:
        """Add what is read next to the entries that wait, and write what makes a whole batch."""
        async with self.work.turns.taken():
            entries += await self.work.readers.run(read)
            if self.dry_run:
                if len(entries) > MOST_ENTRIES:
                    raise UnreadableFile(
                        f"A dry run takes {MOST_ENTRIES} entries at most. Import the export without one: "
                        "what is there already stays as it is."
                    )
                return
            while len(entries) >= BATCH:
                await self._write(entries[:BATCH])
                del entries[:BATCH]

    async def _write(self, entries: Sequence[Entry]) -> None:
        async with self.runtime.outbox.changes(self.user_id, self.origin) as changes:
            written = await import_entries(
                changes, entries, dry_run=self.dry_run, imported=self.report.number
            )
        self.report.add(written)


async def _import(
    request: Request,
    user_id: CurrentWriter,
    runtime: CurrentRuntime,
    origin: CurrentOrigin,
    dry_run: Annotated[bool, Query(description="only report on what would happen")] = False,
) -> AsyncIterator[Import]:
    """Take a place for the import until its answer has left."""
    work: ImportWork = request.app.state.import_work
    scratch: Scratch = request.app.state.scratch
    with work.places.taken_by(user_id), scratch.file() as sent, scratch.file() as answer:
        yield Import(work, runtime, user_id, origin, dry_run, sent, answer)


@router.post(
    "", response_model=ImportReport, openapi_extra={"requestBody": {"required": True, "content": CONTENT}}
)
async def import_tasks(
    request: Request, importing: Annotated[Import, Depends(_import)], runtime: CurrentRuntime
) -> StreamingResponse:
    """Import a file: our own export as JSON, iCalendar, or Todoist's CSV.

    What is there already, from an earlier import of the same file, stays as it is, so an import may be
    repeated. Each user has one import at a time.

    iCalendar and CSV may have 5,000 entries and 10 MiB, unless the installation sets another limit. All of
    the file is imported or, with 422, nothing.

    An export may have any size. It is imported 500 entries at a time; an import that ends early, by a
    refusal or because it was interrupted, keeps what it has written and goes on when it is repeated.
    """
    match _media_type(request):
        case MediaType.EXPORT:
            last = await importing.read_export(pieces_of_body(request))
            await while_connected(request, importing.write_last(last))
        case media_type:
            await _receive(request, importing.sent, limit=runtime.settings.import_file_bytes)
            await while_connected(request, importing.read_text(media_type))
    importing.report.end()
    return StreamingResponse(_pieces(importing.answer), media_type="application/json")


def _media_type(request: Request) -> MediaType:
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        return MediaType(given)
    except ValueError:
        known = ", ".join(MediaType)
        raise HTTPException(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Send the file with one of the types {known}."
        ) from None


async def _receive(request: Request, file: ScratchFile, *, limit: int) -> None:
    """Write the body down.

    Raises:
        HTTPException: it is longer than `limit` bytes.
    """
    announced = request.headers.get("content-length", "")
    too_large = HTTPException(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body may have {limit} bytes at most."
    )
    if announced.isdecimal() and int(announced) > limit:
        raise too_large
    async for piece in pieces_of_body(request):
        if file.size + len(piece) > limit:
            raise too_large
        file.write(piece)


async def _pieces(file: ScratchFile) -> AsyncIterator[bytes]:
    for piece in file.pieces():
        yield piece
