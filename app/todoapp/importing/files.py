"""The formats of files, by their media types."""

from collections.abc import Sequence
from datetime import datetime

from todoapp.importing.entries import MOST_ENTRIES, Entry
from todoapp.importing.errors import UnreadableFile
from todoapp.importing.ical import read_ical
from todoapp.importing.own_export import read_export
from todoapp.importing.todoist import read_todoist

__all__ = ["MEDIA_TYPES", "read_file"]

MEDIA_TYPES = ("application/json", "text/calendar", "text/csv")


def read_file(content: bytes, media_type: str, *, now: datetime, zone: str) -> Sequence[Entry]:
    """Read a file of one of the `MEDIA_TYPES`. Takes a while for a large one, and touches nothing else.

    Args:
        now: aware.
        zone: IANA; the user's.

    Raises:
        UnreadableFile
    """
    match media_type:
        case "application/json":
            entries = read_export(content)
        case "text/calendar":
            entries = read_ical(content, zone=zone)
        case "text/csv":
            entries = read_todoist(content, now=now, zone=zone)
        case other:
            raise ValueError(f"No format has the media type {other}.")
    if len(entries) > MOST_ENTRIES:
        raise UnreadableFile(
            f"The file has {len(entries)} entries; split it so that each has {MOST_ENTRIES}."
        )
    return entries
