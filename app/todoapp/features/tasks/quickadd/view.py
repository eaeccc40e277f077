"""How a text was read, as answers show it."""

from datetime import date, datetime
from typing import Any, Self

from pydantic import Field

from todoapp.features.reminders.inputs import NewReminder
from todoapp.features.tasks.model import Priority
from todoapp.features.tasks.quickadd.english import due_in_words, recurrence_in_words
from todoapp.features.tasks.quickadd.parser import ParsedText
from todoapp.features.tasks.quickadd.values import PartMeaning
from todoapp.kit.fields import View

__all__ = ["PartView", "ReadingView"]


class PartView(View):
    """Words of the text that are not of the title."""

    text: str
    start: int = Field(description="its first character, counted from 0 in code points")
    end: int = Field(description="the character after it")
    meaning: PartMeaning


class ReadingView(View):
    """What a text was taken to say."""

    title: str
    due: str | None = Field(examples=["Thursday 1 April 2027 at 09:00"])
    due_at: datetime | None = Field(description="the instant; null for an all-day task")
    due_date: date | None = Field(description="the day of an all-day task")
    recurrence: str | None = Field(examples=["every month on the 1st at 09:00"])
    rule: dict[str, Any] | None = Field(description="the recurrence as it is stored")
    priority: Priority
    tags: list[str]
    category: str | None
    reminders: list[NewReminder]
    parts: list[PartView] = Field(description="in the order of the text, without overlap")
    notes: list[str] = Field(description="how that was read which could be read in two ways")

    @classmethod
    def of(cls, parsed: ParsedText) -> Self:
        task, due, recurrence = parsed.task, parsed.due, parsed.recurrence
        return cls(
            title=task.title,
            due=due_in_words(due) if due else None,
            due_at=task.due_at,
            due_date=task.due_date,
            recurrence=recurrence_in_words(recurrence, due) if recurrence and due else None,
            rule=recurrence.model_dump(mode="json") if recurrence else None,
            priority=task.priority,
            tags=task.tags,
            category=parsed.category,
            reminders=task.reminders or [],
            parts=[PartView.model_validate(part) for part in parsed.parts],
            notes=list(parsed.notes),
        )
