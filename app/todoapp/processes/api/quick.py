"""A task from one line of text, and the dates that a recurrence will have."""

from datetime import date, datetime
from functools import partial
from typing import Annotated, Any

from fastapi import Depends, Response, status
from pydantic import (
    BaseModel,
    Field,
    NaiveDatetime,
    StrictBool,
    StringConstraints,
    WithJsonSchema,
)

from todoapp.features.accounts import service as accounts
from todoapp.features.tasks import series
from todoapp.features.tasks.due import due_of
from todoapp.features.tasks.inputs import Rule
from todoapp.features.tasks.preview import PreviewedDate, preview
from todoapp.features.tasks.quickadd.service import add_task, parse_text
from todoapp.features.tasks.quickadd.view import ReadingView
from todoapp.features.tasks.view import TaskView
from todoapp.kit.fields import Day, Input, Line, Timestamp, TimeZone
from todoapp.processes.api.conditional import tag
from todoapp.processes.api.dependencies import Changes, Reading
from todoapp.processes.api.features import quick_add_is_on
from todoapp.processes.api.routing import resource_router

__all__ = ["router"]

router = resource_router("/api", "Tasks")


class QuickText(Input):
    text: Annotated[Line, StringConstraints(min_length=1, max_length=1_000)] = Field(
        examples=["Pay rent every month on the 1st at 9 !high #home ~finance"]
    )
    dry_run: StrictBool = Field(default=False, description="only read it")


class QuickTask(BaseModel):
    task: TaskView | None = Field(description="null after a dry run")
    read_as: ReadingView


class RecurrenceToPreview(Input):
    recurrence: Rule
    due_at: Timestamp | None = Field(default=None, description="the first date, with its offset from UTC")
    due_date: Day | None = Field(default=None, description="instead: a whole day in the time zone")
    timezone: TimeZone | None = Field(default=None, description="IANA; by default the user's own")
    count: int = Field(default=10, ge=1, le=100, description="how many dates")


class DateView(BaseModel):
    number: int = Field(description="position in the series, from 1")
    instant: datetime = Field(description="when it is due; of an all-day task, the start of its day")
    wall: Annotated[NaiveDatetime, WithJsonSchema({"type": "string"})] = Field(
        description="what a clock in the time zone shows then", examples=["2027-03-01T09:00:00"]
    )
    day: date = Field(description="its day in the time zone")
    notes: list[str] = Field(description="what is unusual: changes of the clocks, days that do not exist")

    @classmethod
    def of(cls, previewed: PreviewedDate) -> "DateView":
        wall = previewed.due.wall
        return cls(
            number=previewed.number,
            instant=previewed.due.at,
            wall=wall,
            day=wall.date(),
            notes=previewed.notes,
        )


class RecurrencePreview(BaseModel):
    recurrence: dict[str, Any] = Field(description="as it would be stored")
    timezone: str
    all_day: bool
    dates: list[DateView] = Field(description="fewer than asked for when the series ends")
    notices: list[str] = Field(description="what was decided for the caller, such as a date that was missing")


@router.post(
    "/tasks/quick",
    status_code=status.HTTP_201_CREATED,
    responses={200: {"model": QuickTask}},
    dependencies=[Depends(quick_add_is_on)],
)
async def quick_add(quick: QuickText, changes: Changes, response: Response) -> QuickTask:
    """Add a task from one line of English, and tell how the line was read."""
    parsed = await parse_text(changes, quick.text)
    read_as = ReadingView.of(parsed)
    if quick.dry_run:
        response.status_code = status.HTTP_200_OK
        return QuickTask(task=None, read_as=read_as)
    task = await add_task(changes, parsed)
    tag(response, task.version)
    response.headers["Location"] = f"/api/tasks/{task.id}"
    return QuickTask(task=task, read_as=read_as)


@router.post("/recurrence/preview")
async def preview_recurrence(wanted: RecurrenceToPreview, reading: Reading) -> RecurrencePreview:
    """Show the next dates of a recurrence, as if each were completed when it is due. Nothing is stored."""
    zone = wanted.timezone or (await accounts.get_user(reading.session, reading.user_id)).timezone
    due = due_of(due_at=wanted.due_at, due_date=wanted.due_date, all_day=None, zone=zone)
    search = partial(preview, wanted.recurrence, due=due, zone=zone, now=reading.now, count=wanted.count)
    found = await series.SEARCHES.run_for(reading.user_id, search)
    return RecurrencePreview(
        recurrence=found.recurrence,
        timezone=zone,
        all_day=wanted.due_date is not None,
        dates=[DateView.of(each) for each in found.dates],
        notices=[found.notice] if found.notice else [],
    )
