"""The calendar feed: tasks for calendar clients, at a secret URL."""

from datetime import datetime
from enum import StrEnum
from http import HTTPStatus

from fastapi import Request, Response
from pydantic import BaseModel, Field

from todoapp.features.calendar import service
from todoapp.features.calendar.cache import Calendars
from todoapp.features.calendar.feed import Component
from todoapp.features.notifications.service import tell_of_credential
from todoapp.messaging.feed import current_seq
from todoapp.processes.api.conditional import IfNoneMatch, tag
from todoapp.processes.api.dependencies import (
    AccountChanges,
    CurrentRuntime,
    CurrentSession,
    FreshChanges,
    Limits,
    Reading,
)
from todoapp.processes.api.routing import resource_router

__all__ = ["feed", "own"]

own = resource_router("/api/me/calendar", "Calendar")
feed = resource_router("/api/calendar", "Calendar")

MEDIA_TYPE = "text/calendar"


class Shown(StrEnum):
    """What of a task a calendar shows; to-dos and events are the same tasks."""

    ALL = "all"
    TODOS = "todos"
    EVENTS = "events"

    @property
    def components(self) -> tuple[Component, ...]:
        match self:
            case Shown.ALL:
                return "todo", "event"
            case Shown.TODOS:
                return ("todo",)
            case Shown.EVENTS:
                return ("event",)


class CalendarState(BaseModel):
    created_at: datetime | None = Field(description="when the URL was made; null when there is none")


class CalendarUrl(BaseModel):
    url: str = Field(description="anybody who has it can read your open tasks; it is shown this once")
    created_at: datetime


@own.get("")
async def get_my_calendar(_identity: CurrentSession, reading: Reading) -> CalendarState:
    """Whether your calendar has a URL."""
    found = await service.find(reading.session, reading.user_id)
    return CalendarState(created_at=found.created_at if found else None)


@own.post("", status_code=HTTPStatus.CREATED)
async def give_my_calendar_a_url(changes: FreshChanges, runtime: CurrentRuntime) -> CalendarUrl:
    """Make a secret URL for calendar clients to subscribe to. One made before stops working.

    It takes a log-in of the last five minutes.

    The answer is not kept, so repeating the request makes another URL, even with its `Idempotency-Key`.
    """
    made, secret = await service.give(changes)
    await tell_of_credential(changes, "A URL was made at which your calendar can be read.")
    url = f"{runtime.settings.public_url.rstrip('/')}/api/calendar/{secret}.ics"
    return CalendarUrl(url=url, created_at=made.created_at)


@own.delete("", status_code=HTTPStatus.NO_CONTENT)
async def withdraw_my_calendar(changes: AccountChanges) -> None:
    """Withdraw the URL of your calendar; it stops working at once."""
    await service.withdraw(changes)


@feed.get(
    "/{secret}.ics",
    response_class=Response,
    responses={HTTPStatus.OK: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}},
)
async def read_calendar(
    request: Request,
    secret: str,
    runtime: CurrentRuntime,
    limits: Limits,
    known: IfNoneMatch,
    shown: Shown = Shown.ALL,
) -> Response:
    """Read the open tasks of the user who made this URL, as iCalendar. It takes no token.

    It shows the 2,000 tasks that are due first, in up to 50 time zones.
    """
    async with runtime.database.read() as session:
        user_id = await service.owner_of(session, secret)
        seq = await current_seq(session, user_id)
    limits.calendar_reads.take(user_id)
    known.check(seq)
    calendars: Calendars = request.app.state.calendars
    written = await calendars.read(runtime.database, user_id, shown.components, seq=seq)
    answer = Response(written.content, media_type=MEDIA_TYPE, headers={"Cache-Control": "private, no-cache"})
    tag(answer, written.seq)
    return answer
