"""The programs of one control plane and the arguments they are started with."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from testbed.control_plane.artifacts import tools
from testbed.control_plane.artifacts.cache import Report
from testbed.control_plane.credentials import Credentials
from todoapp_operator.commands.run.ports import HOST

__all__ = ["Component", "Site", "arguments", "programs"]

_SERVICE_ADDRESSES = "10.96.0.0/16"
_NODE_LEASE_SECONDS = 40


class Component(StrEnum):
    ETCD = "etcd"
    API_SERVER = "kube-apiserver"
    CONTROLLER_MANAGER = "kube-controller-manager"
    SCHEDULER = "kube-scheduler"
    KWOK = "kwok"


@dataclass(frozen=True)
class Site:
    """Where a control plane keeps its data and listens, always on the loopback interface."""

    url: str
    """Of the API server."""
    data: Path
    credentials: Credentials
    api_port: int
    etcd_port: int
    etcd_peer_port: int
    audit_policy: Path
    audit_log: Path


def programs(report: Report) -> dict[Component, Path]:
    """The program of each component, built first where this machine never did."""
    return {
        Component.ETCD: tools.ETCD.built(report),
        Component.API_SERVER: tools.API_SERVER.built(report),
        Component.CONTROLLER_MANAGER: tools.CONTROLLER_MANAGER.built(report),
        Component.SCHEDULER: tools.SCHEDULER.built(report),
        Component.KWOK: tools.KWOK.built(report),
    }


def arguments(component: Component, site: Site, program: Path) -> list[str]:
    match component:
        case Component.ETCD:
            return _etcd(site)
        case Component.API_SERVER:
            return _api_server(site)
        case Component.CONTROLLER_MANAGER:
            return _controller_manager(site)
        case Component.SCHEDULER:
            return _scheduler(site)
        case Component.KWOK:
            return _kwok(site, stages=sorted(program.parent.glob("*.yaml")))


def _etcd(site: Site) -> list[str]:
    clients = f"http://{HOST}:{site.etcd_port}"
    peers = f"http://{HOST}:{site.etcd_peer_port}"
    return [
        f"--data-dir={site.data / 'etcd'}",
        f"--listen-client-urls={clients}",
        f"--advertise-client-urls={clients}",
        f"--listen-peer-urls={peers}",
        f"--initial-advertise-peer-urls={peers}",
        f"--initial-cluster=default={peers}",
        # Its data survives every crash except the machine's, which is enough here.
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def _api_server(site: Site) -> list[str]:
    files = site.credentials
    return [
        f"--etcd-servers=http://{HOST}:{site.etcd_port}",
        f"--bind-address={HOST}",
        f"--secure-port={site.api_port}",
        f"--advertise-address={HOST}",
        # Kubernetes refuses loopback addresses as endpoints of its own Service.
        "--endpoint-reconciler-type=none",
        f"--service-cluster-ip-range={_SERVICE_ADDRESSES}",
        f"--tls-cert-file={files.server_certificate}",
        f"--tls-private-key-file={files.server_key}",
        f"--client-ca-file={files.authority}",
        "--authorization-mode=Node,RBAC",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={files.service_account_key}",
        f"--service-account-signing-key-file={files.service_account_key}",
        f"--audit-policy-file={site.audit_policy}",
        f"--audit-log-path={site.audit_log}",
    ]


def _controller_manager(site: Site) -> list[str]:
    files = site.credentials
    return [
        f"--kubeconfig={files.controller_manager}",
        f"--service-account-private-key-file={files.service_account_key}",
        f"--root-ca-file={files.authority}",
        "--use-service-account-credentials",
        "--leader-elect=false",
        "--secure-port=0",
    ]


def _scheduler(site: Site) -> list[str]:
    return [f"--kubeconfig={site.credentials.scheduler}", "--leader-elect=false", "--secure-port=0"]


def _kwok(site: Site, stages: Iterable[Path]) -> list[str]:
    return [
        f"--kubeconfig={site.credentials.admin}",
        "--manage-all-nodes",
        f"--node-lease-duration-seconds={_NODE_LEASE_SECONDS}",
        *(f"--config={each}" for each in stages),
    ]
