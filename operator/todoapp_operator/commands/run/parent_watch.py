"""Become another program, and die with the process that started this one.

    python parent_watch.py PARENT_PID COMMAND [ARGUMENT...]

A process killed by SIGKILL cannot stop its children. Linux can do it for each of them (prctl(2),
PR_SET_PDEATHSIG), and keeps the wish across exec. Elsewhere the command simply runs.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, command: list[str]) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    # The parent may have died before the wish was made.
    if os.getppid() == parent:
        os.execvp(command[0], command)  # noqa: S606 - the command comes from our own supervisor


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
