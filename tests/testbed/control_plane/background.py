"""Starting, finding and stopping a control plane in the background."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from filelock import Timeout

from testbed.control_plane.artifacts.cache import Report
from testbed.control_plane.connection import Connection
from testbed.control_plane.state_dir import Daemon, StateDir
from todoapp_operator.resource.user_error import UserError

__all__ = ["bring_up", "running", "take_down"]

_DAEMON = "testbed.control_plane.daemon"
_ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
_STOP_SECONDS = 30


def bring_up(state: Path, report: Report) -> Connection:
    """Start a control plane that outlives this process, or find the one that runs already.

    Raises:
        UserError: it did not start; `report` was told why.
    """
    found = _daemon(state)
    if not found:
        _start(state, report)
        found = _daemon(state)
    if not found:
        raise UserError("The control plane did not start, for the reason given above.")
    return found.connection


def running(state: Path) -> Connection | None:
    """
    Raises:
        UserError: one is starting or stopping at the moment.
    """
    found = _daemon(state)
    return found.connection if found else None


def take_down(state: Path) -> bool:
    """Stop the control plane and remove all that it stored.

    Returns:
        False if there was none.

    Raises:
        UserError: it does not stop.
    """
    found = _daemon(state)
    if not found:
        return False
    os.kill(found.pid, signal.SIGTERM)
    try:
        with StateDir(state).lock.acquire(timeout=_STOP_SECONDS):
            return True
    except Timeout as error:
        raise UserError(
            f"The control plane in {state} did not stop within {_STOP_SECONDS} s; end process {found.pid}."
        ) from error


def _daemon(state: Path) -> Daemon | None:
    if not state.is_dir():
        return None
    try:
        with StateDir(state).lock.acquire(timeout=0):
            return None
    except Timeout:
        pass
    try:
        return StateDir(state).read()
    except FileNotFoundError as error:
        raise UserError(
            f"The control plane in {state} is just being started or stopped; try again in a moment."
        ) from error


def _start(state: Path, report: Report) -> None:
    """Returns when the daemon has closed its output: its control plane can be used, or it has ended."""
    process = subprocess.Popen(
        [sys.executable, "-m", _DAEMON, state],
        env=_ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        for line in process.stdout or ():
            report(line.rstrip())
    except BaseException:
        process.terminate()
        raise
