"""Confining a process that follows a user's URL, so that it reaches no private files or addresses.

Apprise resolves names and follows redirects by itself, and some of its parameters name files. So an
audit hook checks each connection and file that Python really opens, not the URL: a refused address is
never connected to, even by a redirect or by a name that resolves differently the second time.
Audit hooks cannot be removed. https://docs.python.org/3/library/audit_events.html
"""

import mimetypes
import os
import socket
import sys
import zoneinfo
from pathlib import Path
from typing import Any

from todoapp.features.outgoing.addresses import PrivateDestination, is_public

__all__ = ["Confinement"]

CONNECTING = {"socket.connect", "socket.sendto", "socket.sendmsg"}
STARTING = {
    "ctypes.dlopen",
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "pty.spawn",
    "subprocess.Popen",
}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
READABLE = frozenset(
    Path(path).resolve()
    for path in (sys.prefix, sys.base_prefix, *zoneinfo.TZPATH, *mimetypes.knownfiles, os.devnull)
)
"""Files and folders that Python and its packages read themselves."""


class Confinement:
    """What a process may not do from its beginning on: start programs, write files, read others than
    Python's, and connect to addresses that are not public.
    """

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        self.refused: list[PrivateDestination] = []
        """Connections that were refused; what they interrupted may have swallowed the error."""

    def begin(self) -> None:
        sys.addaudithook(self.check)

    def check(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Judge one audit event.

        Raises:
            PermissionError
        """
        if event == "open":
            _check_file(*arguments)
        elif event in STARTING:
            raise PermissionError(f"A channel may not cause {event}.")
        elif event in CONNECTING and not self._allow_private and not _is_public_end(*arguments):
            self.refused.append(PrivateDestination())
            raise self.refused[-1]


def _check_file(path: object, _mode: object, flags: object) -> None:
    if not isinstance(path, str | bytes | os.PathLike) or not isinstance(flags, int):
        return  # a descriptor that is open already
    found = Path(os.fsdecode(path)).resolve()
    if flags & WRITING or not READABLE & {found, *found.parents}:
        raise PermissionError("A channel may not open files.")


def _is_public_end(connection: socket.socket, address: object, *_: object) -> bool:
    if address is None:  # of a message on a connection that was checked when it was made
        return True
    inet = connection.family in {socket.AF_INET, socket.AF_INET6}
    return inet and isinstance(address, tuple) and is_public(str(address[0]))
