"""The history of a task before it was imported."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from todoapp.features.tasks import series
from todoapp.features.tasks.model import Task
from todoapp.features.tasks.recurrence.rule import Recurrence, Series, check_series

__all__ = ["BEGINS_NOW", "Past", "SeriesPlace"]


@dataclass(frozen=True)
class SeriesPlace:
    """Where an occurrence stands in its series.

    Raises:
        InvalidRecurrence: the series starts in a year that no task starts in, or could need too long a
            search for a date.
    """

    series_id: UUID
    number: int = 1
    parent_task_id: UUID | None = None
    rule: Recurrence | None = None
    """None when the series has ended"""
    start: datetime | None = None
    """Wall time of the first date; with a rule only"""
    scheduled: datetime | None = None
    """Wall time at which the rule placed this occurrence; with a rule only"""

    def __post_init__(self) -> None:
        if self.rule is not None and self.start is not None:
            check_series(Series(self.rule, self.start, "UTC"))


@dataclass(frozen=True)
class Past:
    """All of it may be unknown; then the task begins when it is created."""

    created_at: datetime | None = None
    completed_at: datetime | None = None
    skipped_at: datetime | None = None
    place: SeriesPlace | None = None

    @property
    def is_open(self) -> bool:
        return self.completed_at is None and self.skipped_at is None

    def apply(self, task: Task) -> None:
        """Give it to a task that is being created."""
        task.created_at = self.created_at or task.created_at
        task.completed, task.completed_at = self.completed_at is not None, self.completed_at
        task.skipped_at = self.skipped_at
        if self.place is not None:
            _put(task, self.place)


BEGINS_NOW = Past()


def _put(task: Task, place: SeriesPlace) -> None:
    task.series_id, task.occurrence = place.series_id, place.number
    task.parent_task_id = place.parent_task_id
    if place.rule is not None and place.start is not None and place.scheduled is not None:
        task.recurrence = place.rule.model_dump(mode="json", exclude_none=True)
        of_task = Series(place.rule, place.start, task.timezone)
        series.place(task, of_task, scheduled=place.scheduled, now=task.updated_at)
