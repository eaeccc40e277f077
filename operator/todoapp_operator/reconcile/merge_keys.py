"""Repairing lists whose entries were renamed by others.

Server-side apply tells the entries of such a list apart by some of their fields: a port by its number, a
container by its name. A user who edits one of these turns our entry into one of their own, and applying
again would put ours beside it. https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy
"""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

import orjson

from todoapp_operator.kube.client import ApiError, Client
from todoapp_operator.kube.kinds import url
from todoapp_operator.kube.manifest import Manifest, body_of
from todoapp_operator.reconcile.children import Child
from todoapp_operator.render.identity import REPAIR_MANAGER

__all__ = ["disown", "put_entries_back", "renamed_entries"]


async def put_entries_back(client: Client, child: Child, manifest: Manifest) -> Manifest:
    """Replace whole lists in which an entry of ours was renamed by another manager.

    Returns:
        `manifest`, to be applied to the very version that was seen: a later renaming is refused with
        a conflict, and found at the next attempt.

    Raises:
        ApiError: another object has taken the name (409), or another reason.
    """
    live = await client.get(url(child.kind, child.namespace, child.name))
    if live["metadata"]["uid"] != child.uid:
        raise ApiError(HTTPStatus.CONFLICT, "Conflict", f"{child.kind.name} {child.name} is another one now")
    if lists := renamed_entries(manifest, live):
        body = body_of(lists | {"metadata": _version(live)})
        live = await client.merge(child.kind, child.namespace, child.name, body, manager=REPAIR_MANAGER)
    return manifest | {"metadata": manifest["metadata"] | _version(live)}


def _version(live: Manifest) -> Manifest:
    return {"resourceVersion": live["metadata"]["resourceVersion"]}


async def disown(client: Client, child: Child, manifest: Manifest) -> Manifest:
    """Take back what the repair noted about us; a second owner would keep what we drop later.

    Returns:
        The object as it is then.
    """
    entries = manifest["metadata"]["managedFields"]
    kept = [each for each in entries if each["manager"] != REPAIR_MANAGER]
    if len(kept) == len(entries):
        return manifest
    metadata = {"managedFields": kept, "resourceVersion": manifest["metadata"]["resourceVersion"]}
    body = body_of({"metadata": metadata})
    return await client.merge(child.kind, child.namespace, child.name, body, manager=REPAIR_MANAGER)


def renamed_entries(rendered: Manifest, live: Manifest) -> Manifest:
    """The lists of `rendered` that lack an entry in `live`, which has another one instead.

    Returns:
        A JSON merge patch; empty if there is no such list.
    """
    fields = [entry["fieldsV1"] for entry in live["metadata"].get("managedFields", ())]
    found = _of_mapping({**rendered, "metadata": {}}, live, fields)
    return found or {}


def _of(rendered: Any, live: Any, fields: list[Mapping[str, Any]]) -> Any:
    if isinstance(rendered, dict) and isinstance(live, dict):
        return _of_mapping(rendered, live, fields)
    if isinstance(rendered, list) and isinstance(live, list):
        return _of_list(rendered, live, fields)
    return None


def _of_mapping(rendered: dict[str, Any], live: dict[str, Any], fields: list[Mapping[str, Any]]) -> Any:
    found = {
        name: _of(value, live[name], _below(fields, f"f:{name}"))
        for name, value in rendered.items()
        if name in live
    }
    return {name: patch for name, patch in found.items() if patch} or None


def _of_list(rendered: list[Any], live: list[Any], fields: list[Mapping[str, Any]]) -> Any:
    paths = {path for each in fields for path in each if path.startswith("k:")}
    if not paths:
        return None
    names = orjson.loads(next(iter(paths))[2:]).keys()
    ours, theirs = _by_key(rendered, names), _by_key(live, names)
    renamed = ours.keys() - theirs.keys() and theirs.keys() - ours.keys()
    below = (
        _of(ours[key], theirs[key], _of_entry(fields, key, names)) for key in ours.keys() & theirs.keys()
    )
    return rendered if renamed or any(below) else None


def _by_key(entries: list[Any], names: Iterable[str]) -> dict[tuple[Any, ...], Any]:
    return {tuple(entry.get(name) for name in names): entry for entry in entries}


def _of_entry(
    fields: list[Mapping[str, Any]], key: tuple[Any, ...], names: Iterable[str]
) -> list[Mapping[str, Any]]:
    wanted = dict(zip(names, key, strict=True))
    return [
        inside
        for owned in fields
        for path, inside in owned.items()
        if path.startswith("k:") and orjson.loads(path[2:]) == wanted
    ]


def _below(fields: list[Mapping[str, Any]], path: str) -> list[Mapping[str, Any]]:
    return [each[path] for each in fields if path in each]
