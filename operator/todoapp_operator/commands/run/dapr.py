"""Dapr's own programs on this machine: the sidecar, and the scheduler that keeps its jobs."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from todoapp_operator.resource.user_error import UserError

__all__ = ["Dapr", "installed_dapr"]

_MINIMUM = (1, 18)
"""Older ones have no `/v1.0/jobs`."""
_REMEDY = "install Dapr by `dapr init --slim` and put ~/.dapr/bin on the PATH, or use `--sidecar embedded`"


@dataclass(frozen=True)
class Dapr:
    """Where the programs are."""

    daprd: Path
    scheduler: Path


def installed_dapr() -> Dapr:
    """Find the daprd of the PATH, and the scheduler beside it.

    Raises:
        UserError: one of them is missing, or daprd is too old.
    """
    found = shutil.which("daprd")
    if found is None:
        raise UserError(f"daprd is not on the PATH; {_REMEDY}.")
    daprd = Path(found)
    _require_version(daprd)
    scheduler = daprd.with_name("scheduler")
    if not scheduler.is_file():
        raise UserError(f"{scheduler} is missing, Dapr's scheduler that wakes us for reminders; {_REMEDY}.")
    return Dapr(daprd, scheduler)


def _require_version(daprd: Path) -> None:
    try:
        asked = subprocess.run([daprd, "--version"], capture_output=True, text=True, check=False)  # noqa: S603 - it was asked for
    except OSError as error:
        raise UserError(f"{daprd} cannot be run ({error.strerror}); {_REMEDY}.") from error
    version = re.match(r"(\d+)\.(\d+)", asked.stdout)
    if version is None or tuple(map(int, version.groups())) < _MINIMUM:
        minimum = ".".join(map(str, _MINIMUM))
        said = asked.stdout.strip() or "nothing"
        raise UserError(f"{daprd} is too old: it calls itself {said}, and {minimum} is needed; {_REMEDY}.")
