"""Where the parts of a node are: addresses, which exist in its own network only, and files."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from testbed.control_plane.components import Site
from testbed.control_plane.connection import Connection

__all__ = ["ADDRESS", "API_SERVICE", "NAME", "PODS", "SERVICES", "Identities", "NodeSite"]

NAME = "node"
ADDRESS = "10.89.0.10"
PODS = "10.244.0.0/24"
SERVICES = "10.96.0.0/16"
API_SERVICE = "10.96.0.1"
"""The first of `SERVICES`, which is always the API server's."""


@dataclass(frozen=True)
class Identities:
    """Who the node's own parts are: kubeconfigs, and files with PEM inside."""

    kubelet: Path
    kubelet_certificate: Path
    kubelet_key: Path
    kubelet_client: Path
    """The API server's, when it speaks to the kubelet."""
    kube_proxy: Path
    injector_certificate: Path
    injector_key: Path


@dataclass(frozen=True)
class NodeSite:
    """What the node's first process has to know."""

    control_plane: Site
    identities: Identities
    programs: dict[str, Path]
    """By name; those of Debian's packages are on the PATH instead."""
    images: Path
    """Archive of every image that pods can have."""
    folder: Path
    """For files that the node writes: memory inside the node's namespace, gone when the node ends."""
    logs: Path

    @property
    def connection(self) -> Connection:
        files = self.control_plane.credentials
        return Connection(self.control_plane.url, files.authority, files.admin_certificate, files.admin)

    @property
    def configurations(self) -> Path:
        return self.folder / "configurations"

    @property
    def sidecars(self) -> Path:
        """What embedded sidecars keep: the node's pods have it in common."""
        return self.folder / "sidecars"

    def write(self, file: Path) -> None:
        file.write_bytes(_SITE.dump_json(self))

    @staticmethod
    def read(file: Path) -> "NodeSite":
        return _SITE.validate_json(file.read_bytes())


_SITE = TypeAdapter(NodeSite)
