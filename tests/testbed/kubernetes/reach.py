"""Whether NetworkPolicies let one pod reach another, as a cluster that enforces them decides.

https://kubernetes.io/docs/concepts/services-networking/network-policies/
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from todoapp_operator.kube.manifest import Manifest

__all__ = ["OUTSIDE", "Pod", "is_closed", "may_reach"]

_NAMESPACE_NAME = "kubernetes.io/metadata.name"


@dataclass(frozen=True)
class Pod:
    """A pod by what policies see of it."""

    namespace: str
    labels: Mapping[str, str] = field(default_factory=dict)


OUTSIDE = Pod("")
"""An address that is no pod's, such as the API server's or a person's."""


def may_reach(policies: Iterable[Manifest], client: Pod, server: Pod, port: int) -> bool:
    """Whether `client` may open a TCP connection to `port` of `server`."""
    specs = [each["spec"] for each in policies if _selects(each, server)]
    rules = [rule for spec in specs for rule in spec.get("ingress", [])]
    return not specs or any(
        _has_port(rule, port) and _has_peer(rule, client, server.namespace) for rule in rules
    )


def is_closed(policies: Iterable[Manifest], namespace: str) -> bool:
    """Whether every pod of a namespace is closed but for what a policy names."""
    return any(_selects(each, Pod(namespace)) for each in policies)


def _selects(policy: Manifest, pod: Pod) -> bool:
    spec = policy["spec"]
    here = policy["metadata"]["namespace"] == pod.namespace
    return here and "Ingress" in spec["policyTypes"] and _matches(spec["podSelector"], pod.labels)


def _has_port(rule: Mapping[str, Any], port: int) -> bool:
    tcp = [each for each in rule.get("ports", []) if each.get("protocol", "TCP") == "TCP"]
    return "ports" not in rule or any(
        each["port"] <= port <= each.get("endPort", each["port"]) for each in tcp
    )


def _has_peer(rule: Mapping[str, Any], client: Pod, namespace: str) -> bool:
    return "from" not in rule or any(_is(peer, client, namespace) for peer in rule["from"])


def _is(peer: Mapping[str, Any], client: Pod, namespace: str) -> bool:
    if client == OUTSIDE:
        return False
    if "namespaceSelector" in peer:
        there = _matches(peer["namespaceSelector"], {_NAMESPACE_NAME: client.namespace})
    else:
        there = client.namespace == namespace
    return there and _matches(peer.get("podSelector", {}), client.labels)


def _matches(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    wanted: Mapping[str, str] = selector.get("matchLabels", {})
    return wanted.items() <= labels.items() and all(
        _fits(each, labels) for each in selector.get("matchExpressions", [])
    )


def _fits(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    value = labels.get(expression["key"])
    match expression["operator"]:
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case "In":
            return value in expression["values"]
        case _:
            return value not in expression["values"]
