"""Ending the processes that tests start."""

import subprocess

__all__ = ["STOP_SECONDS", "end"]

STOP_SECONDS = 30


def end(process: subprocess.Popen[bytes]) -> None:
    """Stop a process as its owner would: one that is killed cannot write down which lines it ran.

    Raises:
        TimeoutExpired: it did not stop, and was killed.
    """
    process.terminate()
    try:
        process.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise
