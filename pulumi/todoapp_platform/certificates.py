"""Certificates, issued and renewed by cert-manager."""

from dataclasses import dataclass
from typing import Any

import pulumi

from todoapp_platform.manifest import Manifest, namespace
from todoapp_platform.network import network_policies
from todoapp_platform.release import release
from todoapp_platform.user_error import UserError
from todoapp_platform.versions import CERT_MANAGER

__all__ = ["ISSUER", "Certificates", "CertificatesArgs"]

ISSUER = "todoapp"
NAMESPACE = "cert-manager"
_API_VERSION = "cert-manager.io/v1"
_AUTHORITY = "todoapp-authority"
_LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory"


@dataclass(frozen=True)
class CertificatesArgs:
    """Who signs: Let's Encrypt for `email`, or an authority of the cluster's own when `email` is absent.

    Let's Encrypt asks the host for a proof over HTTP. `solver` says how it gets there, as `http01` of an ACME
    issuer: https://cert-manager.io/docs/configuration/acme/http01/
    """

    solver: dict[str, Any]
    email: str | None = None
    replicas: int = 1

    def __post_init__(self) -> None:
        if self.email is not None and "@" not in self.email:
            raise UserError(
                f"'{self.email}' is not an email address for Let's Encrypt; "
                "write one such as ada@example.com."
            )


class Certificates(pulumi.ComponentResource):
    """cert-manager from its Helm chart, and the ClusterIssuer `todoapp`."""

    def __init__(self, name: str, args: CertificatesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("todoapp:platform:Certificates", name, None, opts)
        inside = namespace(name, NAMESPACE, opts=pulumi.ResourceOptions(parent=self))
        network_policies(
            name,
            "production/cert-manager.yaml",
            NAMESPACE,
            pulumi.ResourceOptions(parent=self, depends_on=[inside]),
        )
        manager = release(
            name,
            CERT_MANAGER,
            called="cert-manager",
            namespace=NAMESPACE,
            values={
                "crds": {"enabled": True, "keep": True},
                "replicaCount": args.replicas,
                "webhook": {"replicaCount": args.replicas},
                "cainjector": {"replicaCount": args.replicas},
                "config": {
                    "apiVersion": "controller.config.cert-manager.io/v1alpha1",
                    "kind": "ControllerConfiguration",
                    "enableGatewayAPI": True,
                },
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[inside]),
        )
        before: pulumi.Resource = manager
        for manifest in _lets_encrypt(args.email, args.solver) if args.email else _own_authority():
            before = Manifest(
                f"{name}-{manifest['kind']}-{manifest['metadata']['name']}".lower(),
                manifest,
                pulumi.ResourceOptions(parent=self, depends_on=[before]),
            )
        self.register_outputs({})


def _lets_encrypt(email: str, solver: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        _issuer(
            ISSUER,
            {
                "acme": {
                    "server": _LETS_ENCRYPT,
                    "email": email,
                    "privateKeySecretRef": {"name": "lets-encrypt-account"},
                    "solvers": [{"http01": solver}],
                }
            },
        )
    ]


def _own_authority() -> list[dict[str, Any]]:
    """An authority that signs itself, and the issuer that signs with it."""
    self_signed = f"{ISSUER}-self-signed"
    return [
        _issuer(self_signed, {"selfSigned": {}}),
        {
            "apiVersion": _API_VERSION,
            "kind": "Certificate",
            # Where a ClusterIssuer looks for its key.
            "metadata": {"name": _AUTHORITY, "namespace": NAMESPACE},
            "spec": {
                "isCA": True,
                "commonName": "TodoApp",
                "secretName": _AUTHORITY,
                "privateKey": {"algorithm": "ECDSA", "size": 256},
                "issuerRef": {"name": self_signed, "kind": "ClusterIssuer", "group": "cert-manager.io"},
            },
        },
        _issuer(ISSUER, {"ca": {"secretName": _AUTHORITY}}),
    ]


def _issuer(name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": _API_VERSION, "kind": "ClusterIssuer", "metadata": {"name": name}, "spec": spec}
