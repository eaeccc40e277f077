"""iCalendar (RFC 5545): to-dos, and events as tasks that are due when they begin."""

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from icalendar import Component, vCategory, vRecur

from todoapp.features.calendar.feed import DOMAIN
from todoapp.features.calendar.priorities import priority_from_ical
from todoapp.features.importing.entries import (
    Entry,
    SkippedEntry,
    TaskEntry,
    checked,
    entry_or_refusal,
    titled,
)
from todoapp.features.importing.errors import UnreadableFile
from todoapp.features.reminders.inputs import LONGEST_OFFSET
from todoapp.features.tasks.inputs import NewTask
from todoapp.features.tasks.model import Priority
from todoapp.features.tasks.past import Past
from todoapp.features.tasks.recurrence.rule import InvalidRecurrence, parse_recurrence
from todoapp.kit.wall_time import instant, wall_time

__all__ = ["read_ical"]

CALENDAR = re.compile(r"^BEGIN:VCALENDAR\s*$", re.IGNORECASE | re.MULTILINE)
BEGINNING = re.compile(r"^BEGIN:(VTODO|VEVENT)\s*$", re.IGNORECASE)
LOST = {
    "RDATE": "Dates added to its rule are left out.",
    "EXDATE": "Dates taken from its rule come all the same.",
    "RELATED-TO": "It was part of another and becomes a task of its own.",
    "ATTACH": "Its attachments are left out.",
}
"""Properties that a task cannot hold, with what to note."""
MOST_REMINDERS = 20
LONGEST_NAME = 100


class MalformedDate(ValueError):
    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is no date; it is like 20270301 or 20270301T090000Z.")


def read_ical(content: bytes, *, zone: str) -> list[Entry]:
    """Read an iCalendar stream, each to-do and event by itself: one that is malformed spoils no other.

    Args:
        zone: IANA; of times that name no zone, or one that is not known.

    Raises:
        UnreadableFile: not iCalendar in UTF-8.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"The file is not in UTF-8: byte {error.start} does not fit.") from error
    if not CALENDAR.search(text):
        raise UnreadableFile("The file is not iCalendar: it has no line BEGIN:VCALENDAR.")
    return [
        entry_or_refusal(place, "", partial(_entry, place, block, zone)) for place, block in _blocks(text)
    ]


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    """The to-dos and events as they are written, with the line at which each begins.

    Zone definitions are skipped: the library would keep them, also for other people's files.
    """
    lines = re.split(r"\r?\n", text)
    number = 0
    while number < len(lines):
        beginning = BEGINNING.match(lines[number])
        first = number
        number += 1
        if beginning:
            end = f"END:{beginning[1].upper()}"
            while number < len(lines) and lines[number - 1].strip().upper() != end:
                number += 1
            yield f"line {first + 1}", "\r\n".join(lines[first:number])


def _entry(place: str, block: str, zone: str) -> Entry:
    """
    Raises:
        ValueError
    """
    component = _parsed(block)
    title = " ".join(_text(component, "SUMMARY").split())
    uid = _text(component, "UID")
    if component.name == "VEVENT" and uid.endswith(f"-event@{DOMAIN}"):
        return SkippedEntry(place, title, notes=("It is the event of a to-do that is imported.",))
    if "RECURRENCE-ID" in component:
        return SkippedEntry(place, title, notes=("A single date that was moved keeps to its rule.",))
    if _text(component, "STATUS").upper() == "CANCELLED":
        return SkippedEntry(place, title, notes=("It is cancelled.",))
    return _Reading(component, zone).task(place, title, uid)


def _parsed(block: str) -> Component:
    """
    Raises:
        ValueError
    """
    try:
        return Component.from_ical(block)
    except (TypeError, LookupError, AttributeError) as error:
        # What the library says of a value that its VALUE parameter denies.
        raise ValueError("A property does not have the type that its VALUE names.") from error


class _Reading:
    """One to-do or event while it becomes a task."""

    def __init__(self, component: Component, zone: str) -> None:
        self._component = component
        self._zone = zone
        self._notes = [note for name, note in LOST.items() if name in component]

    def task(self, place: str, title: str, uid: str) -> TaskEntry:
        due = self._due()
        values = {
            "title": titled(title),
            "description": _text(self._component, "DESCRIPTION").replace("\r", ""),
            "priority": self._priority(),
            "tags": self._tags(),
            "reminders": self._reminders(due),
            **due,
            **self._recurrence(due),
        }
        return TaskEntry(
            place,
            title,
            notes=tuple(self._notes),
            source=_source(uid) or f"ical\0{self._component.to_ical().decode()}",
            new=checked(NewTask, values),
            past=Past(created_at=self._instant("CREATED"), completed_at=self._completed_at()),
        )

    def _tags(self) -> list[str]:
        categories = [each for each in _all(self._component.get("CATEGORIES")) if isinstance(each, vCategory)]
        names = (str(name) for each in categories for name in each.cats)
        lines = (" ".join(name.split())[:LONGEST_NAME] for name in names)
        return list(dict.fromkeys(filter(None, lines)))

    def _priority(self) -> Priority:
        value = _one(self._component.get("PRIORITY"))
        return priority_from_ical(value) if isinstance(value, int) else Priority.NONE

    def _due(self) -> dict[str, Any]:
        """The fields that say when the task is due."""
        names = ("DUE", "DTSTART") if self._component.name == "VTODO" else ("DTSTART",)
        name = next((each for each in names if each in self._component), None)
        if name is None:
            return {}
        when = self._when(name)
        if not isinstance(when, datetime):
            return {"due_date": when, "timezone": self._zone}
        zone = getattr(when.tzinfo, "key", None)
        return {"due_at": when, "timezone": zone if zone and zone != "UTC" else self._zone}

    def _when(self, name: str) -> date | datetime:
        """A day, or an instant; wall time without a zone, or with one that is not known, is the user's.

        Raises:
            ValueError
        """
        value = _one(self._component[name])
        when = getattr(value, "dt", None)
        if not isinstance(when, date):
            raise MalformedDate(name)
        if not isinstance(when, datetime):
            return when
        if when.tzinfo is not None:
            return when
        if unknown := value.params.get("TZID"):
            self._notes.append(f"Its time zone {unknown!r} is not known; {self._zone} is taken.")
        return instant(when, self._zone)

    def _instant(self, name: str) -> datetime | None:
        if name not in self._component:
            return None
        when = self._when(name)
        return when if isinstance(when, datetime) else instant(datetime.combine(when, time()), self._zone)

    def _completed_at(self) -> datetime | None:
        if _text(self._component, "STATUS").upper() != "COMPLETED" and "COMPLETED" not in self._component:
            return None
        return self._instant("COMPLETED") or self._instant("LAST-MODIFIED") or self._instant("DTSTAMP")

    def _recurrence(self, due: dict[str, Any]) -> dict[str, Any]:
        """The recurrence, if there is one that tasks can have."""
        rule = _one(self._component.get("RRULE"))
        if not isinstance(rule, vRecur):
            return {}
        written = {"rrule": rule.to_ical().decode()}  # type: ignore[no-untyped-call]
        try:
            parse_recurrence(written, due=_wall(due), zone=due.get("timezone", self._zone))
        except InvalidRecurrence as error:
            self._notes.append(f"Its recurrence is left out. {error}")
            return {}
        return {"recurrence": written}

    def _reminders(self, due: dict[str, Any]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for alarm in self._component.walk("VALARM"):
            reminder = self._reminder(getattr(_one(alarm.get("TRIGGER")), "dt", None), due)
            if reminder is None:
                self._notes.append("A reminder after its date, or without one, is left out.")
            elif reminder not in found:
                found.append(reminder)
        if len(found) > MOST_REMINDERS:
            self._notes.append(f"Of its {len(found)} reminders the first {MOST_REMINDERS} are taken.")
        return found[:MOST_REMINDERS]

    def _reminder(self, trigger: object, due: dict[str, Any]) -> dict[str, Any] | None:
        match trigger:
            case datetime():
                return {"remind_at": trigger if trigger.tzinfo else instant(trigger, self._zone)}
            case timedelta() if due and -LONGEST_OFFSET <= trigger <= timedelta():
                return {"offset_minutes": -trigger // timedelta(minutes=1)}
            case _:
                return None


def _wall(due: dict[str, Any]) -> datetime | None:
    if "due_at" in due:
        return wall_time(due["due_at"], due["timezone"])
    return datetime.combine(due["due_date"], time()) if due else None


def _source(uid: str) -> UUID | str | None:
    """Our own to-dos keep their ids; others are told apart by their UID."""
    own = uid.removesuffix(f"@{DOMAIN}")
    if own != uid:
        try:
            return UUID(own)
        except ValueError:
            return f"ical\0{uid}"
    return f"ical\0{uid}" if uid else None


def _text(component: Component, name: str) -> str:
    found = _one(component.get(name))
    return "" if found is None else str(found).strip()


def _one(value: Any) -> Any:
    """A property that should come once, and may come often."""
    return next(iter(_all(value)), None)


def _all(value: Any) -> Sequence[Any]:
    if value is None:
        return ()
    return value if isinstance(value, list) else (value,)
