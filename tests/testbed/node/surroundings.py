"""The mounts and the network of a node, made by its first process inside namespaces of its own."""

import socket
import subprocess
from pathlib import Path

from testbed.node.cgroups import CONTROLLERS, MOUNTS
from testbed.node.site import ADDRESS, NAME, NodeSite

__all__ = ["make_memory", "surround"]

# The kubelet insists on these settings, which belong to the whole machine. It is shown files that hold
# them, and so it writes none.
_MACHINE_SETTINGS = {
    "vm/overcommit_memory": 1,
    "vm/panic_on_oom": 0,
    "kernel/panic": 10,
    "kernel/panic_on_oops": 1,
    "kernel/keys/root_maxkeys": 1_000_000,
    "kernel/keys/root_maxbytes": 25_000_000,
}

# Both ends of the pair stay here: one carries the address, and the route sends out what is for Services,
# so that the rules for Services get to see it.
_LINKS = f"""
link set lo up
link add node0 type veth peer name node1
link set node0 up
link set node1 up
addr add {ADDRESS}/24 dev node0
route add default dev node0
"""


def make_memory(folder: Path) -> None:
    """Keep what is written below `folder` in memory from now on."""
    _run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", str(folder))


def surround(site: NodeSite) -> None:
    """Give the node mounts and a network of its own.

    Raises:
        subprocess.CalledProcessError: the system does not let us.
    """
    _own_control_groups()
    _own_folders(site)
    _own_network(site)
    # What the kubelet mounts for pods has to appear in theirs.
    _run("mount", "--make-rshared", "/")


def _own_control_groups() -> None:
    _run("umount", "--recursive", "/sys")
    _run("mount", "-t", "sysfs", "sysfs", "/sys")
    make_memory(MOUNTS)
    for name in CONTROLLERS:
        folder = MOUNTS / name
        folder.mkdir()
        options = "none,name=systemd" if name == "systemd" else name
        _run("mount", "-t", "cgroup", "-o", options, "cgroup", str(folder))


def _own_folders(site: NodeSite) -> None:
    """Some folders cannot be chosen: there, what is written goes to a layer above the machine's files."""
    make_memory(Path("/run"))
    for folder in ("/var/lib", "/var/log"):
        layer = site.folder / "layers" / folder.strip("/")
        upper, work = layer / "written", layer / "work"
        upper.mkdir(parents=True)
        work.mkdir()
        options = f"lowerdir={folder},upperdir={upper},workdir={work}"
        _run("mount", "-t", "overlay", "-o", options, "overlay", folder)
    for name in ("hosts", "resolv.conf"):
        _show(site.configurations / name, f"/etc/{name}")
    for setting, value in _MACHINE_SETTINGS.items():
        file = site.configurations / setting.replace("/", "-")
        file.write_text(f"{value}\n")
        _show(file, f"/proc/sys/{setting}")


def _own_network(site: NodeSite) -> None:
    socket.sethostname(NAME)
    subprocess.run(["ip", "-batch", "-"], input=_LINKS, text=True, check=True)
    for setting in ("ip_forward", "conf/all/forwarding"):
        Path("/proc/sys/net/ipv4", setting).write_text("1")


def _show(file: Path, place: str) -> None:
    _run("mount", "--bind", str(file), place)


def _run(*command: str) -> None:
    subprocess.run(command, check=True)
