"""Tasks as an iCalendar stream (RFC 5545): pure rendering.

A task is a VTODO, and a VEVENT too when it has a date, because many calendars show only events. A
series shows its open occurrence as the to-do, and as a repeating event all dates from there on.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from icalendar import Alarm, Calendar, Event, Timezone, Todo, vRecur

from todoapp.features.calendar.priorities import priority_to_ical
from todoapp.features.reminders.view import ReminderView
from todoapp.features.tasks import series
from todoapp.features.tasks.due import Due
from todoapp.features.tasks.model import PRIORITIES, Task
from todoapp.features.tasks.recurrence.rrule import RRule
from todoapp.features.tasks.recurrence.rule import ended_by_date
from todoapp.kit.wall_time import instant

__all__ = ["CalendarWriter", "Component"]

Component = Literal["todo", "event"]

PRODUCT = "-//TodoApp//TodoApp//EN"
DOMAIN = "todoapp.dev"
REFRESHED = timedelta(minutes=15)
LAST_MOMENT = time(23, 59, 59)
ZONES_FOR = timedelta(days=20 * 366)
"""How far beyond the last date the rules of its zone are written."""
LONGEST_RULES = timedelta(days=150 * 366)
"""Each year of a zone's rules takes time, and a date may be in the year 8999."""
MOST_ZONES = 50
MOST_COMPONENTS = 10_000
END_OF_CALENDAR = b"END:VCALENDAR\r\n"


class CalendarWriter:
    """Writes a calendar of open tasks, some tasks at a time, in UTF-8. The same tasks give the same bytes.

    A calendar shows as much as clients can use: tasks beyond its limits are left out.
    """

    def __init__(self, components: Collection[Component]) -> None:
        self._components = components
        self._written: list[bytes] = []
        self._size = 0
        """To-dos, events and alarms"""
        self._zones: set[str] = set()
        self._dates: list[datetime] = []

    @property
    def is_full(self) -> bool:
        return self._size >= MOST_COMPONENTS

    def add(self, tasks: Sequence[Task], reminders: Mapping[UUID, Sequence[ReminderView]]) -> None:
        """Write tasks with their reminders, by task id. Takes about a millisecond for each of both."""
        for task in tasks:
            if self.is_full:
                return
            if self._has_room_for_zone(task):
                self._add(task, reminders.get(task.id, ()))

    def finished(self) -> bytes:
        calendar = Calendar()
        calendar.add("prodid", PRODUCT)
        calendar.add("version", "2.0")
        calendar.add("name", "TodoApp")
        calendar.add("x-wr-calname", "TodoApp")
        calendar.add("refresh-interval", REFRESHED, parameters={"VALUE": "DURATION"})
        calendar.add("x-published-ttl", "PT15M")
        for zone in self._zone_rules():
            calendar.add_component(zone)
        whole = bytes(calendar.to_ical())
        begin, end = whole[: -len(END_OF_CALENDAR)], whole[-len(END_OF_CALENDAR) :]
        return b"".join([begin, *self._written, end])

    def _add(self, task: Task, reminders: Sequence[ReminderView]) -> None:
        shown: list[Todo | Event] = []
        if "todo" in self._components:
            shown.append(_todo(task, reminders))
        if "event" in self._components:
            shown += self._events(task, reminders)
        for component in shown:
            self._written.append(component.to_ical())
            self._size += 1 + len(component.subcomponents)

    def _events(self, task: Task, reminders: Sequence[ReminderView]) -> Iterator[Event]:
        """The event of a task that has a date, and the exception of a series that was moved for once."""
        due = series.due(task)
        if due is None:
            return
        rule = _rule(task)
        scheduled = datetime.fromisoformat(task.scheduled_for) if rule and task.scheduled_for else due.wall
        event = _event(task, due, scheduled, reminders)
        if rule is not None:
            event.add("rrule", _recurrence(rule, due))
        yield event
        if scheduled != due.wall:
            moved = _event(task, due, due.wall, reminders)
            moved.add("recurrence-id", _start(due, scheduled))
            yield moved

    def _has_room_for_zone(self, task: Task) -> bool:
        if task.due_at is None:
            return True
        self._dates.append(task.due_at)
        if not task.all_day and task.timezone != "UTC":
            if task.timezone not in self._zones and len(self._zones) == MOST_ZONES:
                return False
            self._zones.add(task.timezone)
        return True

    def _zone_rules(self) -> Iterator[Timezone]:
        """The rules of the zones, from before the first date until some time after the last."""
        for zone in sorted(self._zones):
            first = min(self._dates) - timedelta(days=366)
            last = min(max(self._dates) + ZONES_FOR, first + LONGEST_RULES)
            yield Timezone.from_tzid(zone, first_date=first.date(), last_date=last.date())


def _todo(task: Task, reminders: Sequence[ReminderView]) -> Todo:
    todo = Todo()
    todo.add("uid", f"{task.id}@{DOMAIN}")
    _describe(todo, task)
    todo.add("status", "NEEDS-ACTION")
    if due := series.due(task):
        todo.add("due", _start(due, due.wall))
    _add_alarms(todo, task, reminders, related="END")
    return todo


def _event(task: Task, due: Due, wall: datetime, reminders: Sequence[ReminderView]) -> Event:
    event = Event()
    event.add("uid", f"{task.id}-event@{DOMAIN}")
    _describe(event, task)
    event.add("transp", "TRANSPARENT")
    event.add("dtstart", _start(due, wall))
    _add_alarms(event, task, reminders, related="START")
    return event


def _describe(component: Todo | Event, task: Task) -> None:
    component.add("dtstamp", task.updated_at)
    component.add("created", task.created_at)
    component.add("last-modified", task.updated_at)
    component.add("sequence", task.version - 1)
    component.add("summary", task.title)
    if task.description:
        component.add("description", task.description)
    if priority := priority_to_ical(PRIORITIES[task.priority]):
        component.add("priority", priority)
    if task.tags:
        component.add("categories", [tag.name for tag in sorted(task.tags, key=lambda tag: tag.name_key)])


def _start(due: Due, wall: datetime) -> date | datetime:
    """A date of the task at `wall`: a day, or wall time with its zone, so that it keeps its hour."""
    if due.all_day:
        return wall.date()
    return wall.replace(tzinfo=UTC if due.zone == "UTC" else ZoneInfo(due.zone))


def _rule(task: Task) -> RRule | None:
    """The rule of a series that iCalendar can say: no cron expression, none that waits for completion."""
    found = series.of_task(task)
    return ended_by_date(found) if found is not None and found.rule.basis == "due" else None


def _recurrence(rule: RRule, due: Due) -> vRecur:
    """The rule, with its end as an UNTIL: COUNT counts dates that are not shown any more."""
    recurrence: vRecur = vRecur.from_ical(str(rule.without_end()))
    if rule.until is not None:
        recurrence["UNTIL"] = [_until(rule.until, due)]
    return recurrence


def _until(last: date | datetime, due: Due) -> date | datetime:
    """An end is a day where the event is one, else an instant (RFC 5545 §3.3.10)."""
    if due.all_day:
        return last.date() if isinstance(last, datetime) else last
    wall = last if isinstance(last, datetime) else datetime.combine(last, LAST_MOMENT)
    return instant(wall, due.zone)


def _add_alarms(
    component: Todo | Event, task: Task, reminders: Sequence[ReminderView], *, related: str
) -> None:
    for reminder in reminders:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", task.title)
        if reminder.remind_at is not None:
            alarm.add("trigger", reminder.remind_at, parameters={"VALUE": "DATE-TIME"})
        elif task.due_at is not None:
            before = -timedelta(minutes=reminder.offset_minutes or 0)
            alarm.add("trigger", before, parameters={"RELATED": related})
        else:
            continue
        component.add_component(alarm)
