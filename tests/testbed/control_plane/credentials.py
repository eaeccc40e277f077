"""Keys, certificates and kubeconfigs of one control plane."""

import base64
import json
from dataclasses import dataclass
from pathlib import Path

import trustme

__all__ = ["Credentials", "Issuer", "issue"]

# What the API server calls itself to clients on this machine and, by its Service, in the cluster.
_SERVER_NAMES = ("127.0.0.1", "localhost", "kubernetes.default.svc", "kubernetes.default", "kubernetes")

# The API server takes a client's name from the subject, but refuses a certificate without any host name.
_CLIENT_NAME = "client.invalid"


@dataclass(frozen=True)
class Credentials:
    """Files with PEM inside, and kubeconfigs that hold all they need."""

    authority: Path
    server_certificate: Path
    server_key: Path
    service_account_key: Path
    admin_certificate: Path
    """With its private key in the same file."""
    admin: Path
    controller_manager: Path
    scheduler: Path


class Issuer:
    """A fresh authority, and the folder for all that it issues; only its owner can read that.

    `server` is the URL of the API server.
    """

    def __init__(self, folder: Path, server: str) -> None:
        folder.mkdir(mode=0o700)
        self._folder = folder
        self._server = server
        self._authority = trustme.CA(organization_name="todoapp control plane")

    def certificate(self) -> Path:
        """The authority's own certificate, with which to know the others."""
        return self._pem("ca.pem", self._authority.cert_pem)

    def serving(self, name: str, *hosts: str) -> tuple[Path, Path]:
        """Certificate and private key of a server that answers under `hosts`, in two files."""
        leaf = self._authority.issue_cert(*hosts, common_name=name)
        return self._pem(f"{name}.pem", leaf.cert_chain_pems[0]), self._key(name, leaf)

    def client(self, name: str, user: str, *, group: str | None = None) -> Path:
        """Certificate and private key of `user`, in one file."""
        return self._pem(f"{name}.pem", self._user(user, group).private_key_and_cert_chain_pem)

    def kubeconfig(self, name: str, user: str, *, group: str | None = None) -> Path:
        path = self._folder / f"{name}.kubeconfig"
        config = _kubeconfig(self._server, self._authority.cert_pem, self._user(user, group))
        path.write_text(config, encoding="utf-8")
        return path

    def key(self, name: str) -> Path:
        """A private key, from which its reader takes the public one as well."""
        return self._key(name, self._authority.issue_cert(_CLIENT_NAME))

    def _user(self, user: str, group: str | None) -> trustme.LeafCert:
        return self._authority.issue_cert(_CLIENT_NAME, common_name=user, organization_name=group)

    def _key(self, name: str, leaf: trustme.LeafCert) -> Path:
        return self._pem(f"{name}-key.pem", leaf.private_key_pem)

    def _pem(self, name: str, blob: trustme.Blob) -> Path:
        path = self._folder / name
        blob.write_to_path(path)
        return path


def issue(issuer: Issuer, *more_server_names: str) -> Credentials:
    """What a control plane needs. Its API server answers under some more names if they are given."""
    server_certificate, server_key = issuer.serving("apiserver", *_SERVER_NAMES, *more_server_names)
    return Credentials(
        authority=issuer.certificate(),
        server_certificate=server_certificate,
        server_key=server_key,
        service_account_key=issuer.key("service-accounts"),
        admin_certificate=issuer.client("admin", "kubernetes-admin", group="system:masters"),
        admin=issuer.kubeconfig("admin", "kubernetes-admin", group="system:masters"),
        controller_manager=issuer.kubeconfig("controller-manager", "system:kube-controller-manager"),
        scheduler=issuer.kubeconfig("scheduler", "system:kube-scheduler"),
    )


def _kubeconfig(server: str, authority: trustme.Blob, certificate: trustme.LeafCert) -> str:
    """JSON, which every reader of YAML understands."""
    user = {
        "client-certificate-data": _base64(certificate.cert_chain_pems[0]),
        "client-key-data": _base64(certificate.private_key_pem),
    }
    name = "todoapp"
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [
            {"name": name, "cluster": {"server": server, "certificate-authority-data": _base64(authority)}}
        ],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
    }
    return json.dumps(config, indent=2)


def _base64(blob: trustme.Blob) -> str:
    return base64.b64encode(blob.bytes()).decode("ascii")
