"""A running control plane: starting it, using it, and ending parts of it as a crash would."""

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from testbed.control_plane.artifacts.cache import Report
from testbed.control_plane.artifacts.crds import crd_files
from testbed.control_plane.audit import write_policy
from testbed.control_plane.components import Component, Site, arguments, programs
from testbed.control_plane.connection import Connection
from testbed.control_plane.credentials import Issuer, issue
from testbed.control_plane.initial_objects import create_definitions, create_nodes, not_ready, not_usable
from testbed.control_plane.ports import server_ports
from testbed.control_plane.process_group import ProcessGroup
from todoapp_operator.commands.run.ports import HOST
from todoapp_operator.resource.user_error import UserError

__all__ = ["Cluster", "running_cluster"]

_READY_SECONDS = 120.0
_PROBE_SECONDS = 0.1
_LOG_LINES = 5


class Cluster:
    """An API server and the components around it, used as `kubernetes-admin`, who may do everything."""

    def __init__(self, site: Site, programs: dict[Component, Path], logs: Path, group: ProcessGroup) -> None:
        files = site.credentials
        self.connection = Connection(site.url, files.authority, files.admin_certificate, files.admin)
        self.audit_log = site.audit_log
        """One JSON object for each request of the operator, once it is answered."""
        self._site = site
        self._programs = programs
        self._logs = logs
        self._group = group
        self._running: dict[Component, subprocess.Popen[bytes]] = {}

    @property
    def pids(self) -> dict[Component, int]:
        return {component: process.pid for component, process in self._running.items()}

    def start(self, component: Component) -> None:
        program = self._programs[component]
        command = [str(program), *arguments(component, self._site, program)]
        self._running[component] = self._group.start(command, log=self._log(component))

    def kill(self, component: Component) -> None:
        """Kill a component, as a crash would. It stays down until it is started."""
        process = self._running.pop(component)
        process.kill()
        process.wait()

    def restart(self, component: Component) -> None:
        """Start a component again, ending it first if need be; return when the API server is ready.

        Raises:
            UserError: it does not get ready, with the last of its log.
        """
        if component in self._running:
            self.kill(component)
        self.start(component)
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """
        Raises:
            UserError: the API server does not get ready, with the last of the log.
        """
        self._wait(not_ready)

    def wait_until_usable(self) -> None:
        """Wait for nodes, definitions and the default service account.

        Raises:
            UserError: they do not get ready; the sentence names one.
        """
        self._wait(not_usable)

    def _wait(self, lacks: Callable[[httpx.Client], Iterator[str]]) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        with self.connection.client() as api:
            while lack := next(lacks(api), None):
                self._refuse_ended()
                if time.monotonic() > deadline:
                    raise UserError(
                        f"After {_READY_SECONDS:g} s the control plane still lacks {lack}; "
                        f"its logs are in {self._logs}."
                    )
                time.sleep(_PROBE_SECONDS)

    def _refuse_ended(self) -> None:
        for component, process in self._running.items():
            if process.poll() is not None:
                said = self._log(component).read_text(errors="replace").splitlines()[-_LOG_LINES:]
                raise UserError(f"{component} ended with exit code {process.returncode}, saying:", *said)

    def _log(self, component: Component) -> Path:
        return self._logs / f"{component}.log"


@contextmanager
def running_cluster(folder: Path, report: Report) -> Iterator[Cluster]:
    """Run a control plane until the end of the block, in a folder of its own that is made for it.

    It has three nodes, on which pods get ready and Jobs complete without anything being run, and the
    definitions that a TodoApp's children need. Several can run at once. At the end its processes are gone
    and so is all that they stored; their logs stay.

    Raises:
        UserError: a part can be neither found nor made, or does not get ready.
    """
    built, definitions = programs(report), crd_files(report)
    api_port, etcd_port, etcd_peer_port = server_ports(3)
    url = f"https://{HOST}:{api_port}"
    logs, data = folder / "logs", folder / "data"
    logs.mkdir(parents=True)
    credentials = issue(Issuer(folder / "credentials", url))
    policy = write_policy(folder / "audit-policy.json")
    site = Site(
        url, data, credentials, api_port, etcd_port, etcd_peer_port, policy, audit_log=logs / "audit.log"
    )
    try:
        with ProcessGroup() as group:
            cluster = Cluster(site, built, logs, group)
            cluster.start(Component.ETCD)
            cluster.start(Component.API_SERVER)
            cluster.wait_until_ready()
            for component in (Component.CONTROLLER_MANAGER, Component.SCHEDULER, Component.KWOK):
                cluster.start(component)
            with cluster.connection.client() as api:
                create_nodes(api)
                create_definitions(api, definitions)
            cluster.wait_until_usable()
            yield cluster
    finally:
        shutil.rmtree(data, ignore_errors=True)
