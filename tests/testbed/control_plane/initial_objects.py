"""Objects that a fresh cluster gets before its first use, and those that must exist by then."""

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from pathlib import Path

import httpx

from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.resource.user_error import UserError

__all__ = ["create_definitions", "create_nodes", "not_ready", "not_usable"]

_CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_NODES = "/api/v1/nodes"
_DEFAULT_SERVICE_ACCOUNT = "/api/v1/namespaces/default/serviceaccounts/default"
_ZONES = ("a", "b", "c")


def create_nodes(api: httpx.Client) -> None:
    """One node in each of three zones, so that spreading and draining have somewhere to go."""
    for zone in _ZONES:
        _created(api.post(_NODES, json=_node(zone)))


def create_definitions(api: httpx.Client, files: Sequence[Path]) -> None:
    """
    Raises:
        UserError: the API server does not take one of the files, with its reason.
    """
    for file in files:
        _created(api.post(_CRDS, content=file.read_bytes(), headers={"Content-Type": "application/yaml"}))


def not_ready(api: httpx.Client) -> Iterator[str]:
    """What the API server still lacks; nothing, once it can be spoken to."""
    try:
        answer = api.get("/readyz")
    except httpx.TransportError:
        yield "an answer of the API server"
    else:
        if not answer.is_success:
            yield f"an API server that is ready (it answers {answer.status_code})"


def not_usable(api: httpx.Client) -> Iterator[str]:
    """What a cluster with a ready API server still lacks; nothing, once it can be used."""
    if api.get(_DEFAULT_SERVICE_ACCOUNT).status_code == HTTPStatus.NOT_FOUND:
        yield "the service account default of the namespace default"
    for node in _items(api, _NODES):
        if not _is_ready(node):
            yield f"the condition Ready of node {node['metadata']['name']}"
    # The API server serves what is defined a moment after it calls it established.
    for definition in _items(api, _CRDS):
        if not api.get(_served_at(definition["spec"]), params={"limit": 1}).is_success:
            yield f"an answer about {definition['metadata']['name']}"


def _items(api: httpx.Client, path: str) -> list[Manifest]:
    items: list[Manifest] = api.get(path).raise_for_status().json()["items"]
    return items


def _served_at(definition: Manifest) -> str:
    version = next(each["name"] for each in definition["versions"] if each["served"])
    return f"/apis/{definition['group']}/{version}/{definition['names']['plural']}"


def _node(zone: str) -> Manifest:
    name = f"node-{zone}"
    labels = {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "topology.kubernetes.io/zone": f"zone-{zone}",
    }
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}}


def _is_ready(node: Manifest) -> bool:
    conditions = node.get("status", {}).get("conditions") or ()
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def _created(response: httpx.Response) -> None:
    if response.status_code != HTTPStatus.CREATED:
        reason = response.json()["message"]
        raise UserError(
            f"The API server refused {response.request.method} {response.request.url.path}: {reason}"
        )
