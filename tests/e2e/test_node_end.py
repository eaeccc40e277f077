"""A node is reached on this machine only, and leaves nothing behind."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from testbed.node.cgroups import MOUNTS
from testbed.node.node import Node
from testbed.waiting import WAIT_TIMEOUT, wait_until

RUN = """
import signal, sys
from pathlib import Path
from testbed.node.node import running_node

with running_node(Path(sys.argv[1]), print):
    signal.pause()
"""


def test_a_node_is_reached_on_the_loopback_interface_only(node: Node) -> None:
    port = urlsplit(node.connection.url).port

    listening = [each.laddr for each in psutil.net_connections() if each.status == psutil.CONN_LISTEN]

    assert {address.ip for address in listening if address and address.port == port} == {"127.0.0.1"}


def test_a_killed_test_run_leaves_no_node_behind(
    node: Node, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Killed while the node starts, beside another one that stays.

    The folder's name is short because the kubelet makes sockets in it.
    """
    folder, groups = tmp_path_factory.mktemp("killed") / "node", control_groups()
    environment = os.environ | {"PYTHONPATH": "tests"}
    run = subprocess.Popen([sys.executable, "-c", RUN, str(folder)], env=environment)
    wait_until(lambda: kubelet_of(run.pid), what="the kubelet runs")
    processes = psutil.Process(run.pid).children(recursive=True)
    assert groups < control_groups()

    run.kill()
    run.wait()

    _, alive = psutil.wait_procs(processes, timeout=WAIT_TIMEOUT)
    assert alive == []
    assert control_groups() == groups


def kubelet_of(pid: int) -> bool:
    """Whether there is one among what the process has started."""
    for child in psutil.Process(pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # it may just have ended
            if child.name() == "kubelet":
                return True
    return False


def control_groups() -> set[Path]:
    """Those of nodes; others may come and go while they are looked for."""
    folders = (Path(folder) for folder, _, _ in os.walk(MOUNTS))
    return {folder for folder in folders if folder.name.startswith("todoapp-node-")}
