"""A stored rule is read once, however often its task is shown."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from testbed.app.rule_parses import counted_parses
from todoapp.features.tasks import series
from todoapp.features.tasks.model import Task
from todoapp.features.tasks.recurrence.rule import Recurrence, parse_recurrence
from todoapp.features.tasks.view import TaskView

NOW = datetime(2027, 3, 1, 8, tzinfo=UTC)
DUE = datetime(2027, 3, 31, 7, tzinfo=UTC)


def parses(action: Callable[[], object]) -> int:
    """How many rules an action parses."""
    with counted_parses() as parsed:
        action()
    return parsed.count


def rent() -> Task:
    return Task(
        id=uuid4(),
        user_id=uuid4(),
        title="Pay rent",
        description="",
        completed=False,
        priority=0,
        due_at=DUE,
        overdue_at=DUE,
        all_day=False,
        timezone="Europe/Berlin",
        position=1.0,
        version=1,
        occurrence=1,
        created_at=NOW,
        updated_at=NOW,
    )


def test_task_shown_again_parses_no_rule() -> None:
    task = rent()
    rule = {"rrule": "FREQ=MONTHLY;BYMONTHDAY=31;COUNT=4711", "basis": "completion"}
    series.begin(task, rule, now=NOW)

    def show() -> datetime | None:
        return TaskView.at(NOW, task, (), ()).next_occurrence

    assert [parses(show), parses(show)] == [1, 0]
    assert show() == datetime(2027, 5, 31, 7, tzinfo=UTC)


@pytest.mark.parametrize("due_at", [DUE, None])
@pytest.mark.parametrize("start", [series.begin, series.repeat])
def test_series_begins_with_one_parse(start: Callable[..., object], due_at: datetime | None) -> None:
    task = rent()
    task.due_at = due_at

    assert parses(lambda: start(task, {"rrule": "FREQ=MONTHLY;BYMONTHDAY=31"}, now=NOW)) == 1
    assert task.due_at == DUE


@pytest.mark.parametrize(
    "written",
    [
        "monthly",
        {"rrule": "byday=mo,1th;freq=monthly;interval=2;wkst=su", "basis": "completion"},
        {"rrule": "FREQ=DAILY;UNTIL=20270630T190000Z"},
        {"type": "weekly", "days": ["Monday", "Friday"], "count": 9},
        {"cron": "0 9 * * mon-fri"},
    ],
)
def test_stored_recurrence_equals_the_one_written(written: object) -> None:
    recurrence = parse_recurrence(written, due=datetime(2027, 3, 31, 9), zone="Europe/Berlin")  # noqa: DTZ001

    assert Recurrence.stored(**recurrence.model_dump(mode="json")) == recurrence
