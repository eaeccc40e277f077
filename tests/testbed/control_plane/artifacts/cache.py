"""What is built or fetched once per machine, kept outside the tree for every checkout to find."""

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from todoapp_operator.resource.user_error import UserError

__all__ = ["Build", "Report", "builds_since", "cache_folder", "made_once", "working_through_the_queue"]

Report = Callable[[str], None]
"""Tells the user in one line what takes long."""

_LOOK_SECONDS = 0.5
_START_SECONDS = 5

_is_builder = ContextVar("is_builder", default=False)


@dataclass(frozen=True)
class Build:
    """One thing that process `pid` made, `at` (Unix time) which it was ready."""

    name: str
    pid: int
    at: float
    seconds: float
    cpu_seconds: float


def cache_folder() -> Path:
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "todoapp-testbed"


def made_once(name: str, make: Callable[[Path], None], report: Report) -> Path:
    """The folder `name` of the cache; when it is missing, `make` fills it first.

    It appears complete or not at all. One is made at a time on the whole machine, because each keeps
    every core busy. While `testbed.build` makes everything in its order, others wait for it to come to this.

    Raises:
        UserError: the cache cannot be written; and what `make` raises.
    """
    folder = cache_folder() / name
    if folder.is_dir():
        return folder
    if not _is_builder.get():
        _wait_for_the_builder(folder, report)
    with _turn(folder.parent, report):
        if not folder.is_dir():
            unfinished = folder.with_name(f".{name}.unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            began, used = time.perf_counter(), _cpu_of_children()
            make(unfinished)
            unfinished.rename(folder)
            seconds, cpu_seconds = time.perf_counter() - began, _cpu_of_children() - used
            _log(Build(name, os.getpid(), time.time(), round(seconds, 2), round(cpu_seconds, 2)))
    return folder


def builds_since(moment: float) -> list[Build]:
    """What was made on this machine since a Unix time."""
    log = _build_log()
    if not log.exists():
        return []
    builds = [Build(**json.loads(line)) for line in log.read_text(encoding="utf-8").splitlines()]
    return [build for build in builds if build.at >= moment]


def _build_log() -> Path:
    return cache_folder() / "builds.jsonl"


def _log(build: Build) -> None:
    with _build_log().open("a", encoding="utf-8") as log:
        log.write(json.dumps(asdict(build)) + "\n")


def _cpu_of_children() -> float:
    times = os.times()
    return times.children_user + times.children_system


@contextmanager
def working_through_the_queue() -> Iterator[None]:
    """Be the one process of this machine that makes everything, for which `made_once` of all others waits.

    Raises:
        UserError: another one does already, or the cache cannot be written.
    """
    cache = cache_folder()
    try:
        cache.mkdir(parents=True, exist_ok=True)
        lock = _builder_lock(cache).acquire(timeout=_START_SECONDS)
    except Timeout as error:
        raise UserError(f"Another process builds what {cache} lacks.") from error
    except OSError as error:
        raise _unwritable(cache, error) from error
    token = _is_builder.set(True)
    try:
        with lock:
            yield
    finally:
        _is_builder.reset(token)


def _wait_for_the_builder(folder: Path, report: Report) -> None:
    """Return when it has made the folder, or when it has ended, having failed or being through."""
    told = False
    while not folder.is_dir() and _builder_works(folder.parent):
        if not told:
            report(f"waiting for {folder.name}, which is built beside the tests")
            told = True
        time.sleep(_LOOK_SECONDS)


def _builder_works(cache: Path) -> bool:
    if not cache.is_dir():
        return False
    try:
        with _builder_lock(cache).acquire(timeout=0):
            return False
    except Timeout:
        return True
    except OSError as error:
        raise _unwritable(cache, error) from error


def _builder_lock(cache: Path) -> FileLock:
    return FileLock(cache / ".builder.lock")


def _turn(cache: Path, report: Report) -> AbstractContextManager[object]:
    lock = FileLock(cache / ".lock")
    try:
        cache.mkdir(parents=True, exist_ok=True)
        return lock.acquire(timeout=0)
    except Timeout:
        report(f"waiting for another process that fills {cache}")
        return lock.acquire()
    except OSError as error:
        raise _unwritable(cache, error) from error


def _unwritable(cache: Path, error: OSError) -> UserError:
    return UserError(
        f"{cache} cannot be written ({error.strerror}); set XDG_CACHE_HOME to a folder that can."
    )
