"""Running a program of the machine to its end."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from todoapp_operator.resource.user_error import UserError

__all__ = ["beside_tests", "output_of"]

_LAST_LINES = 10
_LEAST_URGENT = 19

_niceness = ContextVar("niceness", default=_LEAST_URGENT)


@contextmanager
def beside_tests() -> Iterator[None]:
    """What runs until the end of the block has the processors as much as tests have: they wait for it."""
    token = _niceness.set(0)
    try:
        yield
    finally:
        _niceness.reset(token)


def output_of(
    program: Path,
    *arguments: str,
    directory: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> str:
    """What `program` prints. It leaves other work of the machine the processors, unless run `beside_tests`.

    `environment` is added to our own.

    Raises:
        UserError: it failed, with the last that it said.
    """
    result = subprocess.run(
        ["/usr/bin/env", "nice", "-n", str(_niceness.get()), program, *arguments],
        cwd=directory,
        env=os.environ | (environment or {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        said = (result.stdout + result.stderr).strip().splitlines()[-_LAST_LINES:]
        raise UserError(f"`{program.name} {' '.join(arguments)}` failed:", *said)
    return result.stdout
