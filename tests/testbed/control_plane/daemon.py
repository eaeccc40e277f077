"""The process that keeps a control plane running in the background.

    python -m testbed.control_plane.daemon STATE

It says on its output what it does until the control plane can be used, and closes it then. It ends on
SIGTERM and takes everything with it.
"""

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from filelock import Timeout

from testbed.control_plane.cluster import running_cluster
from testbed.control_plane.state_dir import Daemon, StateDir
from todoapp_operator.resource.user_error import UserError

__all__ = ["main"]


def main(state: Path) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    state_dir = StateDir(state)
    try:
        with _held(state_dir), running_cluster(state_dir.folder, typer.echo) as cluster:
            state_dir.write(Daemon(os.getpid(), cluster.connection))
            _close_output()
            signal.pause()
    except UserError as error:
        sys.exit("\n".join(error.sentences))


@contextmanager
def _held(state_dir: StateDir) -> Iterator[None]:
    """Become the daemon of an empty folder. None is left behind when we are told to end; after a failure it
    stays, for its logs.

    Raises:
        UserError: another process is, or the state folder cannot be written.
    """
    try:
        state_dir.state.mkdir(parents=True, exist_ok=True)
        lock = state_dir.lock.acquire(timeout=1)
    except Timeout as error:
        raise UserError(
            f"A control plane is just being started in {state_dir.state}; wait for it, "
            "or choose another folder with --state."
        ) from error
    except OSError as error:
        raise UserError(
            f"{state_dir.state} cannot be written ({error.strerror}); choose another folder with --state."
        ) from error
    with lock:
        # An earlier daemon that was killed had no time to remove it.
        shutil.rmtree(state_dir.folder, ignore_errors=True)
        try:
            yield
        except SystemExit:
            shutil.rmtree(state_dir.folder, ignore_errors=True)
            raise


def _close_output() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for output in (sys.stdout, sys.stderr):
        output.flush()
        os.dup2(nowhere, output.fileno())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
