"""The folder that holds all of an installation's state on a laptop."""

import contextlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote

from filelock import FileLock, Timeout

from todoapp_operator.commands.run.secret_values import SecretValues
from todoapp_operator.commands.run.supervisor import Running
from todoapp_operator.kube.manifest import to_yaml
from todoapp_operator.render.dapr.files import Files
from todoapp_operator.resource.user_error import UserError

__all__ = ["StateFolder", "opened"]

_OTHERS = 0o077
"""What a umask takes from everybody but the user: every permission."""


@dataclass(frozen=True)
class StateFolder:
    """Paths are absolute, because processes may change their working directory."""

    path: Path

    @property
    def database_url(self) -> str:
        return f"sqlite+aiosqlite:///{quote(str(self.path / 'todo.db'))}"

    @property
    def sidecar_database(self) -> Path:
        return self.path / "sidecar.db"

    @property
    def dapr_resources(self) -> Path:
        return self.path / "dapr" / "resources"

    @property
    def dapr_configuration(self) -> Path:
        return self.path / "dapr" / "config.yaml"

    @property
    def dapr_jobs(self) -> Path:
        return self.path / "jobs"

    def kept_secrets(self) -> SecretValues:
        """
        Raises:
            UserError: the file of secrets is not what this program writes.
        """
        try:
            values = json.loads(self._secrets.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise self._damaged_secrets() from error
        if not isinstance(values, dict) or not all(isinstance(each, dict) for each in values.values()):
            raise self._damaged_secrets()
        return values

    def write_secrets(self, values: SecretValues) -> None:
        """Write the file that the secret store serves; only its owner can read it."""
        _write(self._secrets, json.dumps(values, indent=2))

    def write_dapr_files(self, files: Files) -> None:
        """Replace everything under `dapr/`, so that no component of an earlier run is left."""
        root = self.path / "dapr"
        for stale in root.rglob("*.yaml"):
            stale.unlink()
        for name, manifest in files.items():
            _write(root / name, to_yaml(manifest))

    def write_processes(self, running: Sequence[Running]) -> None:
        """Tell which processes run, as a list of `{"name", "pid", "port", "inner_port"}`."""
        _write(self.path / "processes.json", json.dumps([asdict(each) for each in running], indent=2))

    @property
    def _secrets(self) -> Path:
        return self.path / "secrets.json"

    def _damaged_secrets(self) -> UserError:
        return UserError(
            f"{self._secrets}: this is not the JSON that was written here; restore or remove it."
        )


@contextlib.contextmanager
def opened(path: Path) -> Iterator[StateFolder]:
    """Make the folder if need be, and hold it for this process alone.

    Until the end, what this process and its children make is for their user only, there and elsewhere.

    Raises:
        UserError: the folder cannot be written, or another run holds it.
    """
    folder = path.absolute()
    before = os.umask(_OTHERS)
    try:
        with _held(folder, path):
            yield StateFolder(folder)
    finally:
        os.umask(before)


@contextlib.contextmanager
def _held(folder: Path, named: Path) -> Iterator[None]:
    lock = FileLock(folder / ".lock", timeout=0)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise UserError(
            f"State folder {named} is in use by another `todoappctl run`; stop that one, "
            "or choose another folder with --state."
        ) from error
    except OSError as error:
        raise _unwritable(named, error) from error
    try:
        yield
    finally:
        lock.release()


def _write(path: Path, text: str) -> None:
    """Replace the file in one step: a reader sees the old text or the new one."""
    fresh = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        fresh.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> UserError:
    return UserError(
        f"{path} cannot be written ({error.strerror}); choose another state folder with --state."
    )
