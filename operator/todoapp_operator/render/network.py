"""NetworkPolicies: the arrows that start or end at the pods of a TodoApp, and nothing else."""

from collections.abc import Sequence
from typing import Any

from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.render.arrows import ARROWS, DATABASE, PODS, Place, Way
from todoapp_operator.render.database import database
from todoapp_operator.render.identity import metadata
from todoapp_operator.render.platform import Platform
from todoapp_operator.resource.spec import TodoApp

__all__ = ["network_policies"]

Rule = dict[str, Any]


def network_policies(app: TodoApp, platform: Platform) -> list[Manifest]:
    if not app.spec.network_policy:
        return []
    places = [place for place in PODS if place is not DATABASE or database(app).cluster]
    return [_policy(app, platform, place) for place in places]


def _policy(app: TodoApp, platform: Platform, place: Place) -> Manifest:
    assert place.labels  # noqa: S101 - each of PODS has them
    ingress = [
        _rule("from", way, arrow.protocols)
        for arrow in ARROWS
        if arrow.target is place and arrow.entrances
        for way in _open(arrow.entrances(app, platform))
    ]
    egress = [
        _rule("to", way, arrow.protocols)
        for arrow in ARROWS
        if arrow.source is place and arrow.exits
        for way in _open(arrow.exits(app, platform))
    ]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata(app, f"{app.metadata.name}-{place.name}", component=place.name),
        "spec": {
            "podSelector": {"matchLabels": place.labels(app)},
            "policyTypes": ["Ingress", "Egress"],
            **({"ingress": ingress} if ingress else {}),
            "egress": egress,
        },
    }


def _open(ways: Sequence[Way]) -> list[Way]:
    """An empty list of peers means nobody; Kubernetes would read it as anybody."""
    return [way for way in ways if way.peers is None or way.peers]


def _rule(side: str, way: Way, protocols: Sequence[str]) -> Rule:
    peers = {} if way.peers is None else {side: list(way.peers)}
    return {**peers, "ports": [port for protocol in protocols for port in _ports(way.ports, protocol)]}


def _ports(ports: Sequence[int], protocol: str) -> list[Rule]:
    if isinstance(ports, range):
        return [{"protocol": protocol, "port": ports.start, "endPort": ports.stop - 1}]
    return [{"protocol": protocol, "port": port} for port in ports]
