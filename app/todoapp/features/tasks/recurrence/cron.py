"""Cron expressions of five fields, on naive wall time."""

from collections.abc import Iterator
from datetime import datetime
from itertools import takewhile

from cronsim import CronSim, CronSimError

from todoapp.features.tasks.recurrence.rrule import InvalidRecurrence
from todoapp.kit.wall_time import LAST

__all__ = ["canonical_cron", "cron_dates"]

FIELDS = 5
LONGEST = 200  # characters
ANY_DAY = datetime(2000, 1, 1)  # noqa: DTZ001 - wall time


def canonical_cron(expression: str) -> str:
    """The same expression in upper case with single spaces.

    Raises:
        InvalidRecurrence: it is not a cron expression of five fields, or names no day that exists.
    """
    if len(expression) > LONGEST:
        raise InvalidRecurrence(f"The cron expression is longer than {LONGEST} characters.")
    fields = expression.upper().split()
    if len(fields) != FIELDS:
        raise InvalidRecurrence(
            f"The cron expression '{expression}' has {len(fields)} fields; it needs {FIELDS}: "
            "minute, hour, day of month, month, day of week."
        )
    canonical = " ".join(fields)
    try:
        dates = CronSim(canonical, ANY_DAY)
    except CronSimError as error:
        field = str(error).removeprefix("Bad ")
        raise InvalidRecurrence(
            f"In the cron expression '{expression}' {field} is malformed or out of range."
        ) from error
    if next(dates, None) is None:
        raise InvalidRecurrence(f"The cron expression '{expression}' never comes true.")
    return canonical


def cron_dates(expression: str, *, after: datetime) -> Iterator[datetime]:
    """The wall times later than `after` that match, in order, up to the last year of the calendar.

    Day of month and day of week are joined as Debian's cron joins them: both must match where
    one of them starts with `*`, else either.
    """
    try:
        yield from takewhile(lambda each: each <= LAST, CronSim(expression, after))
    except OverflowError:  # cronsim has walked past the year 9999
        return
