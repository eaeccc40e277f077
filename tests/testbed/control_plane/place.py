"""Where a control plane in the background keeps what it has, and how to find it there."""

from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock
from pydantic import TypeAdapter

from testbed.control_plane.connection import Connection

__all__ = ["Keeper", "Place"]


@dataclass(frozen=True)
class Keeper:
    """A keeper at work, and the way to the API server that it keeps."""

    pid: int
    connection: Connection


_KEEPER = TypeAdapter(Keeper)


@dataclass(frozen=True)
class Place:
    """What belongs to a keeper in a state folder. Whoever holds `lock` is the keeper."""

    state: Path

    @property
    def folder(self) -> Path:
        return self.state.absolute() / "control-plane"

    @property
    def lock(self) -> FileLock:
        return FileLock(self.state / "control-plane.lock")

    def read(self) -> Keeper:
        """
        Raises:
            FileNotFoundError: no control plane can be used yet.
        """
        return _KEEPER.validate_json(self._description.read_bytes())

    def write(self, keeper: Keeper) -> None:
        unfinished = self._description.with_suffix(".unfinished")
        unfinished.write_bytes(_KEEPER.dump_json(keeper))
        unfinished.rename(self._description)

    @property
    def _description(self) -> Path:
        return self.folder / "keeper.json"
