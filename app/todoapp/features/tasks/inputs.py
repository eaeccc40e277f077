"""What people may say of a task."""

from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import (
    Field,
    FiniteFloat,
    StrictBool,
    StringConstraints,
    model_validator,
)

from todoapp.features.reminders.inputs import NewReminder
from todoapp.features.tasks.model import Priority
from todoapp.kit.fields import Colour, Day, Input, Line, Name, Text, Timestamp, TimeZone

__all__ = ["LabelPatch", "NewLabel", "NewTask", "RecurrenceChange", "TagAssignment", "TaskPatch"]

Title = Annotated[Line, StringConstraints(min_length=1, max_length=500)]
Description = Annotated[Text, StringConstraints(max_length=20_000)]
TagNames = Annotated[list[Name], Field(max_length=50)]
Rule = Annotated[
    str | dict[str, Any],
    Field(
        description="an RFC 5545 rule, a cron expression or a shorthand",
        examples=["weekdays", {"rrule": "FREQ=WEEKLY;BYDAY=MO,TH"}, {"cron": "0 9 * * 1-5"}],
    ),
]


UNCHANGED: Any = None
"""Default of a patch's field; what was really sent is in `model_fields_set`."""


class NewTask(Input):
    """A task to be; also what PUT replaces one with."""

    title: Title
    description: Description = Field(default="", description="Markdown")
    priority: Priority = Priority.NONE
    due_at: Timestamp | None = Field(default=None, description="an instant with its offset from UTC")
    due_date: Day | None = Field(default=None, description="instead: a whole day in the task's time zone")
    all_day: StrictBool | None = None
    timezone: TimeZone | None = Field(default=None, description="IANA; by default the user's own")
    category_id: UUID | None = None
    tags: TagNames = Field(default_factory=list, description="names; new ones are created")
    recurrence: Rule | None = None
    reminders: Annotated[list[NewReminder], Field(max_length=20, fail_fast=True)] | None = None
    position: FiniteFloat | None = Field(default=None, description="for sorting by hand; by default the end")


class TaskPatch(Input):
    """A JSON merge patch (RFC 7396): what is left out stays as it is, null clears."""

    title: Title = UNCHANGED
    description: Description | None = UNCHANGED
    completed: StrictBool = UNCHANGED
    priority: Priority | None = UNCHANGED
    due_at: Timestamp | None = UNCHANGED
    due_date: Day | None = UNCHANGED
    all_day: StrictBool | None = UNCHANGED
    timezone: TimeZone | None = UNCHANGED
    category_id: UUID | None = UNCHANGED
    tags: TagNames | None = UNCHANGED
    recurrence: Rule | None = UNCHANGED
    position: FiniteFloat = UNCHANGED


class RecurrenceChange(Input):
    recurrence: Rule


class NewLabel(Input):
    """A tag or a category to be; also what PUT replaces one with."""

    name: Name
    colour: Colour | None = Field(default=None, examples=["#4f8a10"])


class LabelPatch(Input):
    name: Name = UNCHANGED
    colour: Colour | None = UNCHANGED


class TagAssignment(Input):
    """One tag by its id or by its name; a new name creates the tag."""

    id: UUID | None = None
    name: Name | None = None

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if (self.id is None) == (self.name is None):
            raise ValueError("send either the id or the name of a tag")
        return self
