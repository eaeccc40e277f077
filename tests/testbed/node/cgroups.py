"""The control groups (version 1) that hold all processes of a node."""

import os
from contextlib import suppress
from pathlib import Path

__all__ = ["CONTROLLERS", "MOUNTS", "enter", "remove_ended"]

MOUNTS = Path("/sys/fs/cgroup")
CONTROLLERS = ("blkio", "cpu", "cpuacct", "cpuset", "devices", "freezer", "memory", "pids", "systemd")

_PREFIX = "todoapp-node-"
_CPU_SHARES = 16 * 1024
"""The weight of 16 processes outside any group. By default a group has 1024, the weight of one process."""


def enter() -> None:
    """Move the calling process into groups of its own, one below its present one in each hierarchy."""
    for hierarchy in _present():
        group = hierarchy / f"{_PREFIX}{os.getpid()}"
        group.mkdir()
        for setting in ("cpuset.cpus", "cpuset.mems"):
            if (group / setting).exists():
                (group / setting).write_text((hierarchy / setting).read_text())
        if (group / "cpu.shares").exists():
            (group / "cpu.shares").write_text(str(_CPU_SHARES))
        (group / "cgroup.procs").write_text(str(os.getpid()))


def remove_ended() -> None:
    """Remove the groups below the present ones whose node has ended."""
    for hierarchy in _present():
        for group in hierarchy.glob(f"{_PREFIX}*"):
            if not Path("/proc", group.name.removeprefix(_PREFIX)).exists():
                _remove(group)


def _remove(group: Path) -> None:
    for folder, _, _ in os.walk(group, topdown=False):
        # If a process is still ending, or another daemon was faster, the next daemon tries again.
        with suppress(OSError):
            Path(folder).rmdir()


def _present() -> list[Path]:
    """Where the calling process is in each hierarchy."""
    lines = Path("/proc/self/cgroup").read_text().splitlines()
    paths = {controllers: path for _, controllers, path in (line.split(":", 2) for line in lines)}
    named = {name.removeprefix("name="): path for names, path in paths.items() for name in names.split(",")}
    return [MOUNTS / each / named[each].lstrip("/") for each in CONTROLLERS]
