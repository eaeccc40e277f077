"""The process that keeps a control plane running in the background.

    python -m testbed.control_plane.keeper STATE

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
from testbed.control_plane.place import Keeper, Place
from todoapp_operator.resource.user_error import UserError

__all__ = ["main"]


def main(state: Path) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    place = Place(state)
    try:
        with _held(place), running_cluster(place.folder, typer.echo) as cluster:
            place.write(Keeper(os.getpid(), cluster.connection))
            _close_output()
            signal.pause()
    except UserError as error:
        sys.exit("\n".join(error.sentences))


@contextmanager
def _held(place: Place) -> Iterator[None]:
    """Be the keeper of an empty folder. None is left behind when we are told to end; after a failure it
    stays, for its logs.

    Raises:
        UserError: another process is, or the state folder cannot be written.
    """
    try:
        place.state.mkdir(parents=True, exist_ok=True)
        lock = place.lock.acquire(timeout=1)
    except Timeout as error:
        raise UserError(
            f"A control plane is just being started in {place.state}; wait for it, "
            "or choose another folder with --state."
        ) from error
    except OSError as error:
        raise UserError(
            f"{place.state} cannot be written ({error.strerror}); choose another folder with --state."
        ) from error
    with lock:
        # An earlier keeper that was killed had no time to remove it.
        shutil.rmtree(place.folder, ignore_errors=True)
        try:
            yield
        except SystemExit:
            shutil.rmtree(place.folder, ignore_errors=True)
            raise


def _close_output() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for output in (sys.stdout, sys.stderr):
        output.flush()
        os.dup2(nowhere, output.fileno())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
