"""The way in for people: a Gateway of the platform's own, or an Ingress class that the cluster has."""

import re
from dataclasses import dataclass
from typing import Any

import pulumi

from todoapp_platform.certificates import ISSUER, Certificates, CertificatesArgs
from todoapp_platform.manifest import Manifest, namespace
from todoapp_platform.network import network_policies
from todoapp_platform.release import release
from todoapp_platform.todo_app_spec import ParentRef, TodoAppSpec
from todoapp_platform.user_error import UserError
from todoapp_platform.versions import ENVOY_GATEWAY

__all__ = ["Entrance", "GatewayArgs", "IngressArgs"]

_API_VERSION = "gateway.networking.k8s.io/v1"
_CLASS = "envoy"
_GATEWAY = "public"
_NAMESPACE = "gateways"
_ENVOY_NAMESPACE = "envoy-gateway-system"
# One file for both: a proof for a certificate is answered beside the Gateway, everything else beside Envoy.
_POLICIES = "production/gateways.yaml"
_SECRET = "todo-tls"  # noqa: S105 - the name of a Secret
_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(\.{_LABEL})*")


@dataclass(frozen=True)
class GatewayArgs:
    """Envoy Gateway, with a certificate for `host`: see CertificatesArgs for `email`."""

    host: str
    email: str | None = None
    replicas: int = 1

    def __post_init__(self) -> None:
        _require_host(self.host)


@dataclass(frozen=True)
class IngressArgs:
    """An Ingress of the class `class_name`, whose controller runs already."""

    host: str
    class_name: str
    email: str | None = None
    replicas: int = 1

    def __post_init__(self) -> None:
        _require_host(self.host)
        if not self.class_name:
            raise UserError("An Ingress needs the name of its class; `kubectl get ingressclass` lists them.")


def _require_host(host: str) -> None:
    if not _HOST.fullmatch(host):
        raise UserError(f"'{host}' is not a host name; write one such as todo.example.com.")


class Entrance(pulumi.ComponentResource):
    """The way in over TLS, for a TodoApp in the namespace `todo_namespace`.

    Outputs:
        way_in: `gateway` or `ingress` of that TodoApp's spec.
    """

    way_in: TodoAppSpec

    def __init__(
        self,
        name: str,
        args: GatewayArgs | IngressArgs,
        *,
        todo_namespace: str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("todoapp:platform:Entrance", name, None, opts)
        if isinstance(args, GatewayArgs):
            self.way_in = self._gateway(name, args, todo_namespace)
        else:
            self.way_in = self._ingress(name, args)
        self.register_outputs({"wayIn": self.way_in})

    def _gateway(self, name: str, args: GatewayArgs, todo_namespace: str) -> TodoAppSpec:
        home = namespace(f"{name}-envoy", _ENVOY_NAMESPACE, opts=pulumi.ResourceOptions(parent=self))
        network_policies(f"{name}-envoy", _POLICIES, _ENVOY_NAMESPACE, self._after(home))
        envoy = release(
            name,
            ENVOY_GATEWAY,
            called="envoy-gateway",
            namespace=_ENVOY_NAMESPACE,
            values={"deployment": {"replicas": args.replicas}},
            opts=self._after(home),
        )
        # cert-manager looks once, at its start, whether the cluster knows Gateways.
        certificates = self._certificates(name, args, _through_gateway(), self._after(envoy))
        inside = namespace(name, _NAMESPACE, opts=pulumi.ResourceOptions(parent=self))
        network_policies(name, _POLICIES, _NAMESPACE, self._after(inside))
        gateway_class = Manifest(f"{name}-class", _gateway_class(), self._after(envoy))
        gateway = Manifest(
            name, _gateway(args.host, todo_namespace), self._after(inside, gateway_class, certificates)
        )
        Manifest(f"{name}-redirect", _redirect(args.host), self._after(gateway))
        parent: ParentRef = {"name": _GATEWAY, "namespace": _NAMESPACE, "sectionName": "https"}
        return {"gateway": {"parentRefs": [parent], "hostnames": [args.host]}}

    def _ingress(self, name: str, args: IngressArgs) -> TodoAppSpec:
        solver = {"ingress": {"ingressClassName": args.class_name}}
        self._certificates(name, args, solver, pulumi.ResourceOptions(parent=self))
        return {
            "ingress": {
                "host": args.host,
                "className": args.class_name,
                "tlsSecretName": _SECRET,
                "annotations": {"cert-manager.io/cluster-issuer": ISSUER},
            }
        }

    def _certificates(
        self,
        name: str,
        args: GatewayArgs | IngressArgs,
        solver: dict[str, Any],
        opts: pulumi.ResourceOptions,
    ) -> Certificates:
        return Certificates(
            f"{name}-certificates",
            CertificatesArgs(solver=solver, email=args.email, replicas=args.replicas),
            opts,
        )

    def _after(self, *before: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=before)


def _through_gateway() -> dict[str, Any]:
    parent = {"kind": "Gateway", "name": _GATEWAY, "namespace": _NAMESPACE, "sectionName": "http"}
    return {"gatewayHTTPRoute": {"parentRefs": [parent]}}


def _gateway_class() -> dict[str, Any]:
    return {
        "apiVersion": _API_VERSION,
        "kind": "GatewayClass",
        "metadata": {"name": _CLASS},
        "spec": {"controllerName": "gateway.envoyproxy.io/gatewayclass-controller"},
    }


def _gateway(host: str, todo_namespace: str) -> dict[str, Any]:
    """HTTPS for routes of TodoApps; plain HTTP only for the redirect and the proofs beside the Gateway."""
    todo = {"matchLabels": {"kubernetes.io/metadata.name": todo_namespace}}
    return {
        "apiVersion": _API_VERSION,
        "kind": "Gateway",
        "metadata": {
            "name": _GATEWAY,
            "namespace": _NAMESPACE,
            "annotations": {"cert-manager.io/cluster-issuer": ISSUER},
        },
        "spec": {
            "gatewayClassName": _CLASS,
            "listeners": [
                {
                    "name": "https",
                    "hostname": host,
                    "port": 443,
                    "protocol": "HTTPS",
                    "tls": {"mode": "Terminate", "certificateRefs": [{"name": _SECRET}]},
                    "allowedRoutes": {"namespaces": {"from": "Selector", "selector": todo}},
                },
                {
                    "name": "http",
                    "port": 80,
                    "protocol": "HTTP",
                    "allowedRoutes": {"namespaces": {"from": "Same"}},
                },
            ],
        },
    }


def _redirect(host: str) -> dict[str, Any]:
    to_https = {"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": 301}}
    return {
        "apiVersion": _API_VERSION,
        "kind": "HTTPRoute",
        "metadata": {"name": "to-https", "namespace": _NAMESPACE},
        "spec": {
            "parentRefs": [{"name": _GATEWAY, "sectionName": "http"}],
            "hostnames": [host],
            "rules": [{"filters": [to_https]}],
        },
    }
