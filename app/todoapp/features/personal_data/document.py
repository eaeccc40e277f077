"""The document that an export is; docs/export-format.md explains it to people."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from todoapp.features.accounts.view import UserView
from todoapp.features.activity.view import ActivityView
from todoapp.features.notifications.view import NotificationView
from todoapp.features.tasks.view import LabelView, TaskState

__all__ = ["FORMAT", "Export", "ExportedTask"]

Format = Literal["todoapp-export/1"]
FORMAT: Format = "todoapp-export/1"


class ExportedTask(TaskState):
    """A task with what its series needs to go on from it."""

    series_start: str | None = Field(
        description="wall time of the series' first date, without offset", examples=["2027-03-01T09:00:00"]
    )
    scheduled_for: str | None = Field(
        description="wall time at which the rule placed this occurrence", examples=["2027-03-08T09:00:00"]
    )


class Export(BaseModel):
    """Everything of one user. A reader ignores fields that it does not know."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    format: Format = FORMAT
    exported_at: datetime
    profile: UserView
    categories: list[LabelView]
    tags: list[LabelView]
    tasks: list[ExportedTask] = Field(description="with their reminders, in the order of their creation")
    notifications: list[NotificationView] = Field(description="the oldest first")
    activity: list[ActivityView] = Field(description="the oldest first")
