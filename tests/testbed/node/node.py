"""A running node: starting it, and reaching what runs on it."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from testbed.control_plane.artifacts import tools
from testbed.control_plane.artifacts.cache import Report
from testbed.control_plane.audit import write_policy
from testbed.control_plane.components import Site
from testbed.control_plane.connection import Connection
from testbed.control_plane.credentials import Issuer, issue
from testbed.control_plane.ports import server_ports
from testbed.node.images import write_images
from testbed.node.init import READY
from testbed.node.site import ADDRESS, API_SERVICE, NAME, Identities, NodeSite
from testbed.node.tools import COREDNS, KUBE_PROXY, KUBELET
from todoapp_operator.commands.run.ports import HOST
from todoapp_operator.resource.user_error import UserError

__all__ = ["Node", "running_node"]

_TOOLS = (
    tools.ETCD,
    tools.API_SERVER,
    tools.CONTROLLER_MANAGER,
    tools.SCHEDULER,
    KUBELET,
    KUBE_PROXY,
    COREDNS,
)
_ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
_LAST_LINES = 10
_ETCD_PORT, _ETCD_PEER_PORT = 2379, 2380


@dataclass(frozen=True)
class Node:
    """`connection` works outside as well as inside; addresses of pods and Services only inside."""

    connection: Connection
    audit_log: Path
    """One JSON object for each request of the operator, once it is answered."""
    process: int
    """The first of the node's, as the machine numbers it."""

    @contextmanager
    def reaching(self, address: str, port: int) -> Iterator[str]:
        """The URL under which a server inside answers outside, on the loopback interface."""
        with socket.create_server((HOST, 0)) as outside:
            relay = subprocess.Popen(
                [
                    *("setpriv", "--pdeathsig=KILL", "nsenter", f"--target={self.process}", "--net"),
                    *(sys.executable, "-m", "testbed.node.relay"),
                    *(str(outside.fileno()), address, str(port)),
                ],
                env=_ENVIRONMENT,
                pass_fds=[outside.fileno()],
            )
            try:
                yield f"http://{HOST}:{outside.getsockname()[1]}"
            finally:
                relay.kill()
                relay.wait()


@contextmanager
def running_node(folder: Path, report: Report) -> Iterator[Node]:
    """Run a node until the end of the block, in a folder that is made for it.

    It has a control plane of its own and is reached on the loopback interface only. Several can run at
    once. However the calling process ends, nothing of the node is left but its logs.

    Raises:
        UserError: it does not start; the sentences say why.
    """
    site = _site(folder, report)
    file = folder / "site.json"
    site.write(file)
    with subprocess.Popen(
        [sys.executable, "-m", "testbed.node.daemon", str(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=_ENVIRONMENT,
        # Ctrl-C is for us: the daemon ends when its input does.
        start_new_session=True,
    ) as daemon:
        _wait_until_ready(daemon)
        yield Node(site.connection, site.control_plane.audit_log, _first_process(daemon.pid))


def _wait_until_ready(daemon: subprocess.Popen[str]) -> None:
    said = []
    for line in daemon.stdout or ():
        if line.rstrip() == READY:
            return
        said.append(line.rstrip())
    raise UserError("The node did not start, saying:", *said[-_LAST_LINES:])


def _site(folder: Path, report: Report) -> NodeSite:
    programs = {tool.name: tool.built(report) for tool in _TOOLS}
    folder.mkdir()
    images = write_images(folder / "images", report)
    [api_port] = server_ports(1)
    url = f"https://{HOST}:{api_port}"
    issuer = Issuer(folder / "credentials", url)
    credentials = issue(issuer, ADDRESS, API_SERVICE)
    data, logs = folder / "data", folder / "logs"
    data.mkdir()
    policy = write_policy(folder / "audit-policy.json")
    return NodeSite(
        control_plane=Site(
            url, data, credentials, api_port, _ETCD_PORT, _ETCD_PEER_PORT, policy, logs / "audit.log"
        ),
        identities=_identities(issuer),
        programs=programs,
        images=images,
        folder=data,
        logs=logs,
    )


def _identities(issuer: Issuer) -> Identities:
    kubelet_certificate, kubelet_key = issuer.serving("kubelet", ADDRESS, NAME)
    injector_certificate, injector_key = issuer.serving("injector", HOST)
    return Identities(
        kubelet=issuer.kubeconfig("kubelet", f"system:node:{NAME}", group="system:nodes"),
        kubelet_certificate=kubelet_certificate,
        kubelet_key=kubelet_key,
        kubelet_client=issuer.client("kubelet-client", "kube-apiserver", group="system:masters"),
        kube_proxy=issuer.kubeconfig("kube-proxy", "system:kube-proxy"),
        injector_certificate=injector_certificate,
        injector_key=injector_key,
    )


def _first_process(daemon: int) -> int:
    [unshare] = psutil.Process(daemon).children()
    [first] = unshare.children()
    return first.pid
