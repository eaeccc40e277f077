"""Which of the phrases found hold; the others stay in the title."""

import re
from collections.abc import Sequence
from itertools import pairwise

from todoapp.features.tasks.quickadd.scanner import Found
from todoapp.features.tasks.quickadd.values import (
    Day,
    Moment,
    OccurrenceCount,
    ReminderAt,
    ReminderBefore,
    RepeatRule,
    Start,
    TimeOfDay,
    Until,
    part_meaning,
)

__all__ = ["resolve"]

MANY = ("tag", "reminder")
"""What a task may have more than one of"""
JOINT = re.compile(r",? *+(?:to|and|or|until|till|through|[&–/-]) *+", re.IGNORECASE)


def resolve(found: Sequence[Found], text: str) -> list[Found]:
    """The phrases that say something of the task, in the order of the text.

    Two days or two times that are joined, as in `5 March to 9 March`, are not when it is due. An end needs
    a recurrence, a reminder a date. Of what a task has only once, the last mention counts.
    """
    held = _without_joined(found, text)
    if not _has(held, RepeatRule):
        held = _without(held, Start, Until, OccurrenceCount)
    held = _last_mentions(held)
    if _has(held, Moment):
        held = _without(held, TimeOfDay)
    if not _has(held, Day, Moment, TimeOfDay, RepeatRule):
        held = _without(held, ReminderAt, ReminderBefore)
    return held


def _without_joined(found: Sequence[Found], text: str) -> list[Found]:
    pairs = ((one, other) for one, other in pairwise(found) if JOINT.fullmatch(text, one.end, other.start))
    joined = {each.start for pair in pairs if _are_alike(*pair) for each in pair}
    return [each for each in found if each.start not in joined]


def _are_alike(one: Found, other: Found) -> bool:
    return any(isinstance(one.meaning, kind) and isinstance(other.meaning, kind) for kind in (Day, TimeOfDay))


def _last_mentions(found: Sequence[Found]) -> list[Found]:
    last = {part_meaning(each.meaning): each.start for each in found}
    return [
        phrase
        for phrase in found
        if part_meaning(phrase.meaning) in MANY or last[part_meaning(phrase.meaning)] == phrase.start
    ]


def _has(found: Sequence[Found], *kinds: type) -> bool:
    return any(isinstance(each.meaning, kinds) for each in found)


def _without(found: Sequence[Found], *kinds: type) -> list[Found]:
    return [each for each in found if not isinstance(each.meaning, kinds)]
