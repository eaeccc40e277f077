"""Keys, certificates and kubeconfigs of one control plane."""

import base64
import json
from dataclasses import dataclass
from pathlib import Path

import trustme

__all__ = ["Credentials", "issue"]

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


def issue(folder: Path, server: str) -> Credentials:
    """Write fresh credentials for the API server at the URL `server`; only their owner can read them."""
    folder.mkdir(mode=0o700)
    authority = trustme.CA(organization_name="todoapp control plane")
    serving = authority.issue_cert(*_SERVER_NAMES, common_name="kube-apiserver")
    # Service account tokens need a key pair only; that it comes with a certificate does no harm.
    service_accounts = authority.issue_cert(_CLIENT_NAME)

    def client(user: str, group: str | None = None) -> trustme.LeafCert:
        return authority.issue_cert(_CLIENT_NAME, common_name=user, organization_name=group)

    def pem(name: str, blob: trustme.Blob) -> Path:
        path = folder / name
        blob.write_to_path(path)
        return path

    def kubeconfig(name: str, certificate: trustme.LeafCert) -> Path:
        path = folder / f"{name}.kubeconfig"
        path.write_text(_kubeconfig(server, authority.cert_pem, certificate), encoding="utf-8")
        return path

    admin = client("kubernetes-admin", group="system:masters")
    return Credentials(
        authority=pem("ca.pem", authority.cert_pem),
        server_certificate=pem("apiserver.pem", serving.cert_chain_pems[0]),
        server_key=pem("apiserver-key.pem", serving.private_key_pem),
        service_account_key=pem("service-accounts-key.pem", service_accounts.private_key_pem),
        admin_certificate=pem("admin.pem", admin.private_key_and_cert_chain_pem),
        admin=kubeconfig("admin", admin),
        controller_manager=kubeconfig("controller-manager", client("system:kube-controller-manager")),
        scheduler=kubeconfig("scheduler", client("system:kube-scheduler")),
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
