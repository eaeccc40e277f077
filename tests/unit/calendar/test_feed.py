"""What a calendar costs to write: as much as clients can use, and no more."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import available_timezones

from icalendar import Calendar

from todoapp.features.calendar.feed import (
    MOST_COMPONENTS,
    MOST_ZONES,
    CalendarWriter,
)
from todoapp.features.reminders.view import ReminderView
from todoapp.features.tasks.model import Task

NOW = datetime(2027, 3, 3, 8, tzinfo=UTC)


def task(**fields: Any) -> Task:
    values: dict[str, Any] = {
        "id": uuid4(),
        "user_id": uuid4(),
        "title": "Pay the rent",
        "timezone": "UTC",
        "tags": [],
        "occurrence": 1,
        "position": 1.0,
        "version": 1,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Task(**values | fields)


def reminder(task: Task, minutes: int) -> ReminderView:
    return ReminderView(
        id=uuid4(),
        task_id=task.id,
        offset_minutes=minutes,
        remind_at=None,
        due_at=NOW,
        status="scheduled",
        triggered_at=None,
        version=1,
        created_at=NOW,
        updated_at=NOW,
    )


def daily(count: int) -> Task:
    return task(
        due_at=NOW,
        recurrence={"rrule": f"FREQ=DAILY;COUNT={count}", "basis": "due"},
        series_start="2027-03-03T08:00:00",
        scheduled_for="2027-03-03T08:00:00",
    )


def written(*tasks: Task) -> Calendar:
    writer = CalendarWriter(["event"])
    writer.add(tasks, {})
    calendar: Calendar = Calendar.from_ical(writer.finished())
    return calendar


def test_zones_of_a_calendar_are_limited() -> None:
    zones = sorted(zone for zone in available_timezones() if "/" in zone)[: MOST_ZONES + 5]

    calendar = written(*(task(due_at=NOW, timezone=zone) for zone in zones))

    assert len(calendar.walk("VTIMEZONE")) == len(calendar.walk("VEVENT")) == MOST_ZONES


def test_far_date_does_not_lengthen_the_rules_of_zones() -> None:
    near, far = (
        written(task(due_at=NOW, timezone="Europe/Berlin"), task(due_at=due, timezone="Europe/Berlin"))
        for due in (NOW + timedelta(days=365 * 200), datetime(8999, 1, 1, tzinfo=UTC))
    )

    assert near.walk("VTIMEZONE")[0].to_ical() == far.walk("VTIMEZONE")[0].to_ical()


def test_alarms_count_towards_the_size_of_a_calendar() -> None:
    writer = CalendarWriter(["todo", "event"])
    rent = task(due_at=NOW)
    alarms = [reminder(rent, minutes) for minutes in range(20)]

    for _ in range(MOST_COMPONENTS):
        if writer.is_full:
            break
        writer.add([rent], {rent.id: alarms})

    assert len(writer._written) == 2 * (MOST_COMPONENTS // 42 + 1)
