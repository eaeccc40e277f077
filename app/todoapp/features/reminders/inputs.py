"""What people may say of a reminder."""

from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator

from todoapp.kit.fields import Input, Timestamp

__all__ = ["LONGEST_OFFSET", "NewReminder"]

LONGEST_OFFSET = timedelta(days=5 * 366)


class NewReminder(Input):
    """A reminder to be, also what PUT replaces one with: so long before the task is due, or at an instant."""

    offset_minutes: (
        Annotated[int, Field(ge=0, le=LONGEST_OFFSET // timedelta(minutes=1), strict=True)] | None
    ) = Field(default=None, description="before the task is due; 0 is then", examples=[30])
    remind_at: Timestamp | None = Field(
        default=None, description="instead: a fixed instant with its offset from UTC"
    )

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if (self.offset_minutes is None) == (self.remind_at is None):
            raise ValueError("send either offset_minutes or remind_at")
        return self
