"""iCalendar (RFC 5545): to-dos, and events as tasks that are due when they begin."""

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any, BinaryIO
from uuid import UUID

from icalendar import Component, vCategory, vRecur

from todoapp.features.calendar.feed import DOMAIN
from todoapp.features.calendar.priorities import priority_from_ical
from todoapp.features.importing.effort import Effort
from todoapp.features.importing.entries import (
    Entry,
    SkippedEntry,
    TaskEntry,
    checked,
    entry_or_refusal,
    titled,
)
from todoapp.features.importing.errors import UnreadableFile
from todoapp.features.importing.text import lines
from todoapp.features.reminders.inputs import LONGEST_OFFSET
from todoapp.features.tasks.inputs import NewTask
from todoapp.features.tasks.model import Priority
from todoapp.features.tasks.past import Past
from todoapp.features.tasks.recurrence.rule import InvalidRecurrence, parse_recurrence
from todoapp.kit.wall_time import instant, wall_time

__all__ = ["read_ical"]

CALENDAR = re.compile(r"^BEGIN:VCALENDAR\s*$", re.IGNORECASE)
BEGINNING = re.compile(r"^BEGIN:(VTODO|VEVENT)\s*$", re.IGNORECASE)
END_OF_RULE = re.compile(r";(COUNT|UNTIL)=[^;]*")
NAMED_DAYS = re.compile(r";BY(MONTH)?DAY=")
LOST = {
    "RDATE": "Dates added to its rule are left out.",
    "EXDATE": "Dates taken from its rule come all the same.",
    "RELATED-TO": "It was part of another and becomes a task of its own.",
    "ATTACH": "Its attachments are left out.",
}
"""Properties that a task cannot hold, with what to note."""
MOST_REMINDERS = 20
MOST_LINES = 2_000
LONGEST_BLOCK = 128 << 10
"""Characters of one to-do or event, without its attachments."""
ATTACHMENT = re.compile(r"ATTACH[;:]", re.IGNORECASE)
LONGEST_NAME = 100


class MalformedDate(ValueError):
    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is no date; it is like 20270301 or 20270301T090000Z.")


def read_ical(file: BinaryIO, effort: Effort, *, zone: str) -> Iterator[Entry]:
    """Read an iCalendar stream, each to-do and event by itself: one that is malformed spoils no other.

    Args:
        zone: IANA; of times that name no zone, or one that is not known.

    Raises:
        UnreadableFile: not iCalendar in UTF-8.
    """
    rules = _Rules()
    for place, block in _blocks(file, effort):
        yield entry_or_refusal(place, "", partial(_entry, place, block, zone, rules))


def _blocks(file: BinaryIO, effort: Effort) -> Iterator[tuple[str, Sequence[str]]]:
    """The lines of to-dos and events, with the line at which each begins.

    Zone definitions are skipped: the library would keep them, also for other people's files.
    """
    is_calendar = False
    place, end, block, skips = "", "", list[str](), False
    for number, with_end in enumerate(lines(file, newline="\n"), 1):
        effort.step()
        line = with_end.removesuffix("\n").removesuffix("\r")
        if block:
            skips = bool(ATTACHMENT.match(line)) or (skips and line.startswith((" ", "\t")))
            if not skips:
                block.append(line)
            elif ATTACHMENT.match(line):
                block.append("ATTACH:left out")
            if line.strip().upper() == end:
                yield place, block
                block = []
        elif beginning := BEGINNING.match(line):
            place, end, block = f"line {number}", f"END:{beginning[1].upper()}", [line]
        elif CALENDAR.match(line):
            is_calendar = True
    if not is_calendar:
        raise UnreadableFile("The file is not iCalendar: it has no line BEGIN:VCALENDAR.")
    if block:
        yield place, block


class _Rules:
    """The recurrence rules of one file, which repeats them.

    What a rule without its end is refused for is found once: that it has no date takes the longest search
    there is. One that names its days and passes over none has a date after every day, or after no day.
    """

    def __init__(self) -> None:
        self._refusals: dict[tuple[str, datetime | None], str | None] = {}

    def check(self, rule: str, due: datetime | None, zone: str) -> None:
        """
        Raises:
            InvalidRecurrence
        """
        endless = END_OF_RULE.sub("", rule)
        after_every_day = NAMED_DAYS.search(endless) and "INTERVAL=" not in endless
        key = endless, None if after_every_day else due
        if key not in self._refusals:
            self._refusals[key] = _refusal(endless, due, zone)
        if refusal := self._refusals[key]:
            raise InvalidRecurrence(refusal)
        parse_recurrence({"rrule": rule}, due=due, zone=zone)


def _refusal(rule: str, due: datetime | None, zone: str) -> str | None:
    try:
        parse_recurrence({"rrule": rule}, due=due, zone=zone)
    except InvalidRecurrence as error:
        return str(error)
    return None


def _entry(place: str, block: Sequence[str], zone: str, rules: _Rules) -> Entry:
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
    return _Reading(component, zone, rules).task(place, title, uid)


def _parsed(block: Sequence[str]) -> Component:
    """
    Raises:
        ValueError
    """
    if len(block) > MOST_LINES or sum(map(len, block)) > LONGEST_BLOCK:
        raise ValueError(f"It is longer than {MOST_LINES} lines or {LONGEST_BLOCK >> 10} KiB.")
    try:
        return Component.from_ical("\r\n".join(block))
    except (TypeError, LookupError, AttributeError) as error:
        # What the library says of a value that its VALUE parameter denies.
        raise ValueError("A property does not have the type that its VALUE names.") from error


class _Reading:
    """One to-do or event while it becomes a task."""

    def __init__(self, component: Component, zone: str, rules: _Rules) -> None:
        self._component = component
        self._zone = zone
        self._rules = rules
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
            self._rules.check(written["rrule"], _wall(due), due.get("timezone", self._zone))
        except InvalidRecurrence as error:
            self._notes.append(f"Its recurrence is left out. {error}")
            return {}
        return {"recurrence": written}

    def _reminders(self, due: dict[str, Any]) -> list[dict[str, Any]]:
        alarms = self._component.walk("VALARM")
        read = [self._reminder(getattr(_one(each.get("TRIGGER")), "dt", None), due) for each in alarms]
        if None in read:
            self._notes.append("A reminder after its date, or without one, is left out.")
        found = list(dict.fromkeys(filter(None, read)))
        if len(found) > MOST_REMINDERS:
            self._notes.append(f"Of its {len(found)} reminders the first {MOST_REMINDERS} are taken.")
        return [dict([each]) for each in found[:MOST_REMINDERS]]

    def _reminder(self, trigger: object, due: dict[str, Any]) -> tuple[str, Any] | None:
        match trigger:
            case datetime():
                return "remind_at", trigger if trigger.tzinfo else instant(trigger, self._zone)
            case timedelta() if due and -LONGEST_OFFSET <= trigger <= timedelta():
                return "offset_minutes", -trigger // timedelta(minutes=1)
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
