"""What is built or fetched once per machine, kept outside the tree for every checkout to find."""

import os
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from filelock import FileLock, Timeout

from todoapp_operator.resource.user_error import UserError

__all__ = ["Report", "cache_folder", "made_once"]

Report = Callable[[str], None]
"""Tells the user, in one line, what takes long."""


def cache_folder() -> Path:
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "todoapp-testbed"


def made_once(name: str, make: Callable[[Path], None], report: Report) -> Path:
    """The folder `name` of the cache; when it is missing, `make` fills it first.

    It appears complete or not at all. One is made at a time on the whole machine, because each keeps
    every core busy.

    Raises:
        UserError: the cache cannot be written; and what `make` raises.
    """
    folder = cache_folder() / name
    if folder.is_dir():
        return folder
    with _turn(folder.parent, report):
        if not folder.is_dir():
            unfinished = folder.with_name(f".{name}.unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            make(unfinished)
            unfinished.rename(folder)
    return folder


def _turn(cache: Path, report: Report) -> AbstractContextManager[object]:
    lock = FileLock(cache / ".lock")
    try:
        cache.mkdir(parents=True, exist_ok=True)
        return lock.acquire(timeout=0)
    except Timeout:
        report(f"waiting for another process that fills {cache}")
        return lock.acquire()
    except OSError as error:
        raise UserError(
            f"{cache} cannot be written ({error.strerror}); set XDG_CACHE_HOME to a folder that can."
        ) from error
