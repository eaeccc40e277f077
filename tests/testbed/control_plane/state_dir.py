"""Where a control plane in the background keeps what it has, and how to find it there."""

from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock
from pydantic import TypeAdapter

from testbed.control_plane.connection import Connection

__all__ = ["Daemon", "StateDir"]


@dataclass(frozen=True)
class Daemon:
    """A running daemon, and the connection to its API server."""

    pid: int
    connection: Connection


_DAEMON = TypeAdapter(Daemon)


@dataclass(frozen=True)
class StateDir:
    """The files of a daemon in a state folder. The process that holds `lock` is the daemon."""

    state: Path

    @property
    def folder(self) -> Path:
        return self.state.absolute() / "control-plane"

    @property
    def lock(self) -> FileLock:
        return FileLock(self.state / "control-plane.lock")

    def read(self) -> Daemon:
        """
        Raises:
            FileNotFoundError: no control plane can be used yet.
        """
        return _DAEMON.validate_json(self._description.read_bytes())

    def write(self, daemon: Daemon) -> None:
        unfinished = self._description.with_suffix(".unfinished")
        unfinished.write_bytes(_DAEMON.dump_json(daemon))
        unfinished.rename(self._description)

    @property
    def _description(self) -> Path:
        return self.folder / "daemon.json"
