"""The first process of a node: makes it, starts its parts, and ends with all of them.

    python -m testbed.node.init SITE DESCRIPTOR

It runs inside namespaces of its own. `DESCRIPTOR` is of a socket outside, on which the API server is to be
reached. It says on its output what it does, at last `READY`; then it closes it. It ends when its input
does, and with an error when a part of it ends.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import httpx
import typer

from testbed.control_plane.initial_objects import not_ready
from testbed.node import commands
from testbed.node.configurations import write_configurations
from testbed.node.site import NAME, NodeSite
from testbed.node.surroundings import make_memory, surround

__all__ = ["READY", "main"]

READY = "The node is ready."

_SECONDS = 120.0
_PAUSE_SECONDS = 0.1


def main(site: NodeSite, descriptor: int) -> None:
    threading.Thread(target=_end_with_input, daemon=True).start()
    site.logs.mkdir(parents=True)
    make_memory(site.folder)
    site.sidecars.mkdir()
    site.sidecars.chmod(0o1777)  # for any account that a pod runs as
    write_configurations(site)
    surround(site)

    parts = _Parts(site.logs)
    parts.start(commands.base(site))
    parts.start([commands.relay(site, descriptor)], descriptor)
    parts.wait_until(_containerd_answers, what="an answer of containerd")
    _import(site.images)
    with site.connection.client() as api:
        parts.wait_until(lambda: not any(not_ready(api)), what="a ready API server")
        parts.start(commands.cluster(site))
        parts.wait_until(lambda: _node_is_ready(api), what="a ready kubelet")

    typer.echo(READY)
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    while True:
        parts.refuse_ended()
        time.sleep(_PAUSE_SECONDS)


def _end_with_input() -> None:
    """With process 1 the system ends all others of its namespace."""
    os.read(sys.stdin.fileno(), 1)
    os._exit(0)


class _Parts:
    """The processes that have to run as long as the node does; each has a log of its own."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._names: dict[int, str] = {}

    def start(self, processes: Iterable[commands.Command], *descriptors: int) -> None:
        for name, command in processes:
            with (self._logs / f"{name}.log").open("ab") as log:
                process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=descriptors
                )
            self._names[process.pid] = name

    def wait_until(self, condition: Callable[[], bool], *, what: str) -> None:
        deadline = time.monotonic() + _SECONDS
        while not condition():
            self.refuse_ended()
            if time.monotonic() > deadline:
                sys.exit(f"After {_SECONDS:g} s the node still lacks {what}; its logs are in {self._logs}.")
            time.sleep(_PAUSE_SECONDS)

    def refuse_ended(self) -> None:
        """Also reap the processes that pods have left behind, as process 1 has to."""
        while (ended := os.waitpid(-1, os.WNOHANG)) != (0, 0):
            pid, status = ended
            if name := self._names.get(pid):
                code = os.waitstatus_to_exitcode(status)
                sys.exit(f"{name} ended with exit code {code}; its log is {self._logs / name}.log.")


def _containerd_answers() -> bool:
    return subprocess.run(["ctr", "version"], capture_output=True, check=False).returncode == 0


def _import(images: Path) -> None:
    subprocess.run(
        ["ctr", "--namespace=k8s.io", "images", "import", str(images)],
        stdout=subprocess.DEVNULL,
        check=True,
    )
    images.unlink()


def _node_is_ready(api: httpx.Client) -> bool:
    answer = api.get(f"/api/v1/nodes/{NAME}")
    conditions = answer.json()["status"].get("conditions", []) if answer.is_success else []
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


if __name__ == "__main__":
    main(NodeSite.read(Path(sys.argv[1])), int(sys.argv[2]))
