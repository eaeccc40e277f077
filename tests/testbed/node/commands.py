"""The processes of a node and how each is started."""

import sys
from collections.abc import Iterator

from testbed.control_plane.components import Component, arguments
from testbed.node.site import ADDRESS, NAME, SERVICES, NodeSite
from todoapp_operator.commands.run.ports import HOST

__all__ = ["Command", "base", "cluster", "relay"]

Command = tuple[str, list[str]]
"""A name and what to run."""


def base(site: NodeSite) -> Iterator[Command]:
    """What everything else needs first."""
    yield "containerd", ["containerd", f"--config={site.configurations / 'containerd.toml'}"]
    yield _control_plane(site, Component.ETCD)
    yield _control_plane(site, Component.API_SERVER, *_api_server(site))


def relay(site: NodeSite, descriptor: int) -> Command:
    """The way to the API server from outside, through a socket that listens there."""
    return _module("relay", str(descriptor), HOST, str(site.control_plane.api_port))


def cluster(site: NodeSite) -> Iterator[Command]:
    """What works once the API server is ready."""
    yield _control_plane(site, Component.CONTROLLER_MANAGER)
    yield _control_plane(site, Component.SCHEDULER)
    yield _own(site, "kubelet", *_kubelet(site))
    yield _own(site, "kube-proxy", f"--config={site.configurations / 'kube-proxy.yaml'}")
    yield _own(site, "coredns", f"-conf={site.configurations / 'Corefile'}")
    files = site.identities
    sidecars = str(site.sidecars)
    yield _module("injector", str(files.injector_certificate), str(files.injector_key), sidecars)


def _control_plane(site: NodeSite, component: Component, *differences: str) -> Command:
    """As on a control plane without a node; of an argument given twice the last counts."""
    program = site.programs[component]
    return component, [str(program), *arguments(component, site.control_plane, program), *differences]


def _api_server(site: NodeSite) -> list[str]:
    return [
        "--bind-address=0.0.0.0",
        f"--advertise-address={ADDRESS}",
        "--endpoint-reconciler-type=lease",
        f"--service-cluster-ip-range={SERVICES}",
        f"--kubelet-certificate-authority={site.control_plane.credentials.authority}",
        f"--kubelet-client-certificate={site.identities.kubelet_client}",
        f"--kubelet-client-key={site.identities.kubelet_client}",
        "--kubelet-preferred-address-types=InternalIP",
    ]


def _kubelet(site: NodeSite) -> list[str]:
    return [
        f"--config={site.configurations / 'kubelet.yaml'}",
        f"--kubeconfig={site.identities.kubelet}",
        f"--hostname-override={NAME}",
        f"--node-ip={ADDRESS}",
        f"--root-dir={site.folder / 'kubelet'}",
    ]


def _own(site: NodeSite, name: str, *options: str) -> Command:
    return name, [str(site.programs[name]), *options]


def _module(name: str, *options: str) -> Command:
    return name, [sys.executable, "-m", f"testbed.node.{name}", *options]
