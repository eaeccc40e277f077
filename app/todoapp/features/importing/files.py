"""The formats of files, by their media types."""

from datetime import datetime
from enum import StrEnum
from typing import BinaryIO, Literal

from todoapp.features.importing.effort import Effort
from todoapp.features.importing.entries import MOST_ENTRIES, Entry
from todoapp.features.importing.errors import UnreadableFile
from todoapp.features.importing.ical import read_ical
from todoapp.features.importing.todoist import read_todoist

__all__ = ["MediaType", "TextType", "TooManyEntries", "read_file"]


class MediaType(StrEnum):
    EXPORT = "application/json"
    ICAL = "text/calendar"
    TODOIST = "text/csv"


TextType = Literal[MediaType.ICAL, MediaType.TODOIST]


class TooManyEntries(UnreadableFile):
    def __init__(self) -> None:
        super().__init__(f"The file has more than {MOST_ENTRIES} entries; split it into smaller ones.")


def read_file(
    file: BinaryIO, media_type: TextType, effort: Effort, *, now: datetime, zone: str
) -> list[Entry]:
    """Read a file of another program, up to the first entry that is too much. Takes a while for a large one.

    Args:
        now: aware.
        zone: IANA; the user's.

    Raises:
        UnreadableFile
        Stopped: the effort was stopped.
    """
    match media_type:
        case MediaType.ICAL:
            found = read_ical(file, effort, zone=zone)
        case MediaType.TODOIST:
            found = read_todoist(file, effort, now=now, zone=zone)
    entries: list[Entry] = []
    for entry in found:
        if len(entries) == MOST_ENTRIES:
            raise TooManyEntries
        entries.append(entry)
    return entries
