"""The formats of files, by their media types."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from todoapp.features.importing.entries import MOST_ENTRIES, Entry
from todoapp.features.importing.errors import UnreadableFile
from todoapp.features.importing.ical import read_ical
from todoapp.features.importing.own_export import read_export
from todoapp.features.importing.todoist import read_todoist

__all__ = ["MediaType", "read_file"]


class MediaType(StrEnum):
    EXPORT = "application/json"
    ICAL = "text/calendar"
    TODOIST = "text/csv"


def read_file(content: bytes, media_type: MediaType, *, now: datetime, zone: str) -> Sequence[Entry]:
    """Read a file. Takes a while for a large one, and touches nothing else.

    Args:
        now: aware.
        zone: IANA; the user's.

    Raises:
        UnreadableFile
    """
    match media_type:
        case MediaType.EXPORT:
            entries = read_export(content)
        case MediaType.ICAL:
            entries = read_ical(content, zone=zone)
        case MediaType.TODOIST:
            entries = read_todoist(content, now=now, zone=zone)
    if len(entries) > MOST_ENTRIES:
        raise UnreadableFile(
            f"The file has {len(entries)} entries; split it so that each has {MOST_ENTRIES}."
        )
    return entries
