"""What a machine needs to run a node."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from testbed.node.cgroups import CONTROLLERS, MOUNTS

__all__ = ["CNI_PLUGINS", "lacks"]

CNI_PLUGINS = Path("/usr/lib/cni")

_PACKAGES = {
    "containerd": "containerd",
    "ctr": "containerd",
    "ip": "iproute2",
    "ldd": "libc-bin",
    "nft": "nftables",
    "nsenter": "util-linux",
    "runc": "runc",
}
"""The Debian package of each program."""


def lacks() -> Iterator[str]:
    """Each thing that this machine has not got, with what would help."""
    if sys.platform != "linux":
        yield "Linux"
        return
    if os.geteuid() != 0:
        yield "root"
    yield from (f"the cgroup v1 hierarchy {each}" for each in CONTROLLERS if not (MOUNTS / each).is_dir())
    packages = {package for program, package in _PACKAGES.items() if not shutil.which(program)}
    if not (CNI_PLUGINS / "bridge").exists():
        packages.add("containernetworking-plugins")
    if packages:
        yield f"what `apt-get install {' '.join(sorted(packages))}` brings"
