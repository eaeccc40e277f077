"""The lines of a text file."""

import io
from collections.abc import Iterator
from typing import BinaryIO, Literal

from todoapp.features.importing.errors import UnreadableFile

__all__ = ["lines"]


def lines(file: BinaryIO, *, newline: Literal["", "\n"]) -> Iterator[str]:
    """The lines with their ends, one after the other; a byte order mark is left out.

    Args:
        newline: whether a line ends only with LF, or with CR too.

    Raises:
        UnreadableFile: not UTF-8.
    """
    text = io.TextIOWrapper(file, "utf-8-sig", newline=newline)
    try:
        yield from text
    except UnicodeDecodeError as error:
        raise UnreadableFile(
            f"The file is not in UTF-8: byte {_first_wrong_byte(file)} does not fit."
        ) from error


def _first_wrong_byte(file: BinaryIO) -> int:
    """Its index. The decoder counts from the beginning of its last piece."""
    file.seek(0)
    before = 0
    for line in file:
        try:
            line.decode()
        except UnicodeDecodeError as error:
            return before + error.start
        before += len(line)
    return before
