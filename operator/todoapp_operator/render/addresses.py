"""Addresses as NetworkPolicies name them.

A selector names pods, and a block of addresses everything else. Networks differ in whether a block also means
the pods within it, so what may be either is named by both.
"""

import re
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any

__all__ = ["Peer", "anywhere_but_metadata", "namespace", "peers_at", "public_addresses"]

Peer = dict[str, Any]
"""One entry of `from` or `to`."""

_NAMESPACE_NAME = "kubernetes.io/metadata.name"
_SERVICE = re.compile(r"[^.]+\.(?P<namespace>[^.]+)\.svc(\.cluster\.local)?\.?")

_METADATA = {
    # Link-local: AWS, Google Cloud, Azure, Oracle and others. The second is Azure's host.
    "0.0.0.0/0": ("169.254.0.0/16", "168.63.129.16/32"),
    "::/0": ("fe80::/10", "fd00:ec2::254/128", "fd20:ce::254/128"),
}
"""Where a cloud tells any caller on a machine that machine's credentials."""

_PRIVATE = {
    "0.0.0.0/0": (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "224.0.0.0/3",
    ),
    "::/0": ("::/96", "64:ff9b:1::/48", "fc00::/7", "fec0::/10", "ff00::/8"),
}


def namespace(name: str) -> Peer:
    return {"namespaceSelector": {"matchLabels": {_NAMESPACE_NAME: name}}}


def anywhere_but_metadata() -> list[Peer]:
    """Every pod, and every address where no cloud tells its secrets."""
    return [
        {"namespaceSelector": {}},
        *(_block(everything, _METADATA[everything]) for everything in _METADATA),
    ]


def public_addresses(cluster_cidrs: Iterable[str]) -> list[Peer]:
    """The internet, without private networks and without those that the cluster itself uses."""
    return [
        _block(
            everything, [*_METADATA[everything], *_PRIVATE[everything], *_of_kind(everything, cluster_cidrs)]
        )
        for everything in _METADATA
    ]


def peers_at(host: str) -> list[Peer]:
    """What may stand behind a host that a TodoApp names: one address, a Service's namespace, or anything."""
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        service = _SERVICE.fullmatch(host)
        return [namespace(service["namespace"])] if service else anywhere_but_metadata()
    alone = f"{address}/{address.max_prefixlen}"
    if address.is_global and not any(alone in cidrs for cidrs in _METADATA.values()):
        return [{"ipBlock": {"cidr": alone}}]
    return anywhere_but_metadata()


def _block(everything: str, but: Iterable[str]) -> Peer:
    return {"ipBlock": {"cidr": everything, "except": list(dict.fromkeys(but))}}


def _of_kind(everything: str, cidrs: Iterable[str]) -> list[str]:
    return [cidr for cidr in cidrs if (":" in cidr) == (":" in everything)]
