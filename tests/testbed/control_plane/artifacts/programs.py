"""Running a program of the machine to its end."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from todoapp_operator.resource.user_error import UserError

__all__ = ["output_of"]

_LAST_LINES = 10


def output_of(
    program: Path,
    *arguments: str,
    directory: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> str:
    """What `program` prints. It leaves other work of the machine its share of the processors.

    `environment` is added to our own.

    Raises:
        UserError: it failed, with the last that it said.
    """
    result = subprocess.run(
        ["/usr/bin/env", "nice", "-n", "19", program, *arguments],
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
