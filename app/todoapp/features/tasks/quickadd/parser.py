"""Parsing a line of text as a task: what is to be done, when, how often, and what else it says."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TypeVar

from pydantic import ValidationError

from todoapp.features.reminders.inputs import NewReminder
from todoapp.features.tasks.due import Due
from todoapp.features.tasks.inputs import NewTask
from todoapp.features.tasks.model import Priority
from todoapp.features.tasks.quickadd.phrase import Clock
from todoapp.features.tasks.quickadd.refusal import UnreadableText
from todoapp.features.tasks.quickadd.resolution import resolve
from todoapp.features.tasks.quickadd.scanner import scan
from todoapp.features.tasks.quickadd.schedule import Schedule, Timing
from todoapp.features.tasks.quickadd.values import (
    CategoryName,
    Day,
    Moment,
    OccurrenceCount,
    PartMeaning,
    PriorityLevel,
    ReminderAt,
    ReminderBefore,
    RepeatRule,
    TagName,
    TimeOfDay,
    Until,
    Value,
    part_meaning,
)
from todoapp.features.tasks.recurrence.rule import Recurrence
from todoapp.kit.fields import name_key
from todoapp.kit.wall_time import instant

M = TypeVar("M")

__all__ = ["ParsedText", "Part", "parse"]

MORNING = time(9)

WHITE = re.compile(r"\s")
SPACES = re.compile(r" ++")
EMPTIED_BRACKETS = re.compile(r"\( *+\)|\[ *+\]")
LOOSE_ENDS = re.compile(r"^(?:[–-] |[ ,;:])++|(?: [–-]|[ ,;:])++$")
SPACE_BEFORE_PUNCTUATION = re.compile(r" (?=[,.;:!?]++(?: |$))")


@dataclass(frozen=True)
class Part:
    """Words that are not of the title: `text[start:end]`."""

    text: str
    start: int
    end: int
    meaning: PartMeaning


@dataclass(frozen=True)
class ParsedText:
    task: NewTask
    """Its title is what no part holds. Its category is named by `category`, not by id."""
    category: str | None
    due: Due | None
    recurrence: Recurrence | None
    parts: tuple[Part, ...]
    """In the order of the text, without overlap"""
    notes: tuple[str, ...]
    """How that was read which could be read in two ways"""


def parse(text: str, *, now: datetime, zone: str) -> ParsedText:
    """Read one line of English; what is not understood stays in the title.

    A backslash before a part keeps that in the title as well.

    Args:
        now: aware.
        zone: IANA; days and times are those of its clocks.

    Raises:
        UnreadableText: nothing is left for the title, the recurrence has no date left, or what was read is
            more than a task can hold.
    """
    line = WHITE.sub(" ", text)
    clock = Clock(now, zone)
    found = scan(line, clock)
    held = resolve(found.phrases, line)
    left_out = [(each.start, each.end) for each in held] + [(at, at + 1) for at in found.backslashes]
    title = _title(line, sorted(left_out))
    said = [each.meaning for each in held]
    schedule = _timing(said).schedule(clock)
    category = _one(CategoryName, said)
    return ParsedText(
        task=_task(title, said, schedule),
        category=category.name if category else None,
        due=schedule.due,
        recurrence=schedule.recurrence,
        parts=tuple(
            Part(text[phrase.start : phrase.end], phrase.start, phrase.end, part_meaning(phrase.meaning))
            for phrase in held
        ),
        notes=tuple(each.note for each in said if isinstance(each, Day | Until | RepeatRule) and each.note),
    )


def _title(line: str, left_out: Sequence[tuple[int, int]]) -> str:
    """
    Raises:
        UnreadableText
    """
    title = SPACES.sub(" ", "".join(_pieces(line, left_out))).strip()
    if left_out:
        title = SPACES.sub(" ", EMPTIED_BRACKETS.sub("", title))
        title = LOOSE_ENDS.sub("", SPACE_BEFORE_PUNCTUATION.sub("", title))
    if not title:
        raise UnreadableText(
            "The text does not say what is to be done; add that, or put a backslash before a word to keep it."
        )
    return title


def _pieces(line: str, left_out: Iterable[tuple[int, int]]) -> Iterator[str]:
    position = 0
    for start, end in left_out:
        yield line[position:start]
        position = end
    yield line[position:]


def _timing(said: Sequence[Value]) -> Timing:
    count, until = _one(OccurrenceCount, said), _one(Until, said)
    return Timing(
        day=_one(Day, said) or _one(Moment, said),
        clock_time=_one(TimeOfDay, said),
        repeat_rule=_one(RepeatRule, said),
        count=count.count if count else None,
        until=until.day if until else None,
    )


def _one(kind: type[M], said: Sequence[Value]) -> M | None:
    return next((each for each in said if isinstance(each, kind)), None)


def _task(title: str, said: Sequence[Value], schedule: Schedule) -> NewTask:
    """
    Raises:
        UnreadableText
    """
    due, recurrence, level = schedule.due, schedule.recurrence, _one(PriorityLevel, said)
    wanted = [each for each in said if isinstance(each, ReminderAt | ReminderBefore)]
    try:
        return NewTask(
            title=title,
            priority=level.priority if level else Priority.NONE,
            due_at=due.at if due and not due.all_day else None,
            due_date=due.wall.date() if due and due.all_day else None,
            timezone=due.zone if due else None,
            tags=list(
                {name_key(each.name): each.name for each in said if isinstance(each, TagName)}.values()
            ),
            recurrence=recurrence.model_dump(mode="json") if recurrence else None,
            reminders=[_reminder(each, due) for each in wanted] if due else [],
        )
    except ValidationError as error:
        raise UnreadableText(_refusal(error)) from error


def _refusal(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    field, context = first["loc"][0], first.get("ctx", {})
    if "max_length" in context:
        counted = "characters of title" if field == "title" else field
        return f"At most {context['max_length']} {counted} fit in a task; the text has more."
    return f"The {field} cannot be kept: {context.get('error', first['msg'])}."


def _reminder(wanted: ReminderAt | ReminderBefore, due: Due) -> NewReminder:
    """Of an all-day task it comes in the morning, unless it counts in hours or minutes."""
    if isinstance(wanted, ReminderAt):
        wall = datetime.combine(due.wall.date(), wanted.time)
    elif due.all_day and wanted.offset % timedelta(days=1) == timedelta():
        wall = datetime.combine(due.wall.date(), MORNING) - wanted.offset
    else:
        return NewReminder(offset_minutes=wanted.offset // timedelta(minutes=1))
    return NewReminder(remind_at=instant(wall, due.zone))
