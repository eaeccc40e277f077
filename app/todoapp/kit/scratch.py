"""Temporary files: what is long is written down, so that nothing waits with it in memory for a client."""

import gzip
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import BinaryIO, cast

from todoapp.kit.errors import Unavailable

__all__ = ["PIECE", "Scratch", "ScratchFile", "ScratchFull"]

FASTEST = 1
"""The level of compression; JSON becomes about a sixth."""
IN_MEMORY = 256 << 10
"""Bytes from which a file is on disk."""
PIECE = 64 << 10


class ScratchFull(Unavailable):
    code = "scratch-full"

    def __init__(self) -> None:
        super().__init__(
            "Too much is being sent and received at this moment; try again in a minute.",
            retry_after=timedelta(minutes=1),
        )


@dataclass
class Scratch:
    """The room that the temporary files of a process have together."""

    most: int
    """bytes, compressed"""
    used: int = 0

    @contextmanager
    def file(self) -> Iterator["ScratchFile"]:
        """An empty file, which is gone after the block."""
        with tempfile.SpooledTemporaryFile(IN_MEMORY) as stored:
            file = ScratchFile(self, cast("BinaryIO", stored))
            try:
                yield file
            finally:
                self.used -= file.used


class ScratchFile:
    """A file that is written once, and then read."""

    def __init__(self, scratch: Scratch, stored: BinaryIO) -> None:
        self.used = 0
        self.size = 0
        """bytes, before compression"""
        self._scratch = scratch
        self._stored = stored
        self._packed = gzip.GzipFile(fileobj=stored, mode="wb", compresslevel=FASTEST)

    def write(self, content: bytes) -> None:
        """
        Raises:
            ScratchFull: the files of the process have no room for it.
        """
        self._packed.write(content)
        self.size += len(content)
        grown = self._stored.tell() - self.used
        self.used += grown
        self._scratch.used += grown
        if self._scratch.used > self._scratch.most:
            raise ScratchFull

    def opened(self) -> BinaryIO:
        """All that was written, to be read from its beginning; nothing can be written any more."""
        self._packed.close()
        self._stored.seek(0)
        return cast("BinaryIO", gzip.GzipFile(fileobj=self._stored, mode="rb"))

    def pieces(self) -> Iterator[bytes]:
        """All that was written, as `opened`, in pieces of up to 64 KiB."""
        content = self.opened()
        while piece := content.read(PIECE):
            yield piece
