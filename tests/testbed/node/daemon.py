"""The process that runs a node, and cleans up after it however it ends.

    python -m testbed.node.daemon SITE

It ends with its input: with the process that started it at the latest. The control groups are all that
outlives a daemon that is killed; the next one removes them.
"""

import socket
import subprocess
import sys
from pathlib import Path

from testbed.node import cgroups
from testbed.node.site import NodeSite
from todoapp_operator.commands.run.ports import HOST

__all__ = ["main"]

# Who is killed takes the node along: this process unshare (which setpriv becomes), and unshare process 1.
_IN_NAMESPACES = (
    *("setpriv", "--pdeathsig=KILL"),
    *("unshare", "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup"),
    *("--fork", "--kill-child=KILL", "--propagation=private", "--mount-proc"),
)


def main(file: Path) -> int:
    site = NodeSite.read(file)
    cgroups.remove_ended()
    with socket.create_server((HOST, site.control_plane.api_port)) as outside:
        descriptor = outside.fileno()
        try:
            return subprocess.run(
                [*_IN_NAMESPACES, sys.executable, "-m", "testbed.node.init", str(file), str(descriptor)],
                pass_fds=[descriptor],
                preexec_fn=cgroups.enter,
                check=False,
            ).returncode
        finally:
            cgroups.remove_ended()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
