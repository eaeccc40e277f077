"""Priorities as iCalendar counts them: 1 is the highest, 9 the lowest, 0 is none (RFC 5545 §3.8.1.9)."""

from todoapp.features.tasks.model import Priority

__all__ = ["priority_from_ical", "priority_to_ical"]

BY_PRIORITY = {
    Priority.NONE: 0,
    Priority.URGENT: 1,
    Priority.HIGH: 3,
    Priority.MEDIUM: 5,
    Priority.LOW: 7,
}
RANGE = range(1, 10)
RANKED = [each for each in Priority if each is not Priority.NONE]


def priority_to_ical(priority: Priority) -> int:
    return BY_PRIORITY[priority]


def priority_from_ical(value: int) -> Priority:
    """The priority nearest to a value; one out of range is none."""
    if value not in RANGE:
        return Priority.NONE
    return min(RANKED, key=lambda each: abs(BY_PRIORITY[each] - value))
