"""The operator's reconciliation without an API server: its own client speaks to a small stand-in.

The stand-in keeps objects in memory and knows of server-side apply what ownership needs: managers and their
fields, conflicts, preconditions, 201 for a new object. It merges lists as wholes, except owner references.
What its informers would tell the operator is told before each reconciliation.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Self

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from todoapp_operator.kube.client import ApiError, Client
from todoapp_operator.kube.informer import EVERYWHERE
from todoapp_operator.kube.kinds import KINDS, Kind, url
from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.reconcile.children import Children
from todoapp_operator.reconcile.claims import NameIsTaken
from todoapp_operator.reconcile.finalizer import TODOAPP
from todoapp_operator.reconcile.kafka_access import ANNOTATION, KafkaAccess
from todoapp_operator.reconcile.ownership import AppKey
from todoapp_operator.reconcile.reconciler import Reconciler
from todoapp_operator.reconcile.reconciliation import ReconcileContext
from todoapp_operator.reconcile.referenced_secrets import SECRET, ReferencedSecrets
from todoapp_operator.reconcile.secrets import AppSecrets
from todoapp_operator.reconcile.todoapps import TodoApps
from todoapp_operator.render.identity import MANAGER, MANAGER_LABEL

__all__ = ["OfflineOperator", "StandIn"]

_NOT_FIELDS = frozenset({"apiVersion", "kind"})
_NOT_FIELDS_OF_METADATA = frozenset({"name", "namespace", "uid", "resourceVersion"})


class StandIn:
    """Objects by their paths. `requests` are all that were sent, as method and path."""

    def __init__(self) -> None:
        self.objects: dict[str, Manifest] = {}
        self.requests: list[tuple[str, str]] = []
        self.before_apply: Callable[[str], None] = lambda _: None
        """Called with the path: what somebody else does just before an apply is carried out."""
        self._numbers = count(1)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Client]:
        """A client of the operator's."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        async with TestServer(app) as server, aiohttp.ClientSession(server.make_url("/")) as session:
            yield Client(session, _NoLogin(), MANAGER)  # type: ignore[arg-type]

    def put(self, kind: Kind, manifest: Manifest, *, manager: str = "kubectl") -> Manifest:
        """What somebody applies, in the name of a manager."""
        metadata = manifest["metadata"]
        path = url(kind, metadata["namespace"], metadata["name"])
        typed = {"apiVersion": kind.api_version, "kind": kind.name, **manifest}
        return self._apply(path, typed, manager, force=True)[1]

    def get(self, kind: Kind, namespace: str, name: str) -> Manifest | None:
        return deepcopy(self.objects.get(url(kind, namespace, name)))

    def of_kind(self, kind: Kind) -> list[Manifest]:
        return [
            deepcopy(each)
            for each in self.objects.values()
            if (each["apiVersion"], each["kind"]) == (kind.api_version, kind.name)
        ]

    def change(self, kind: Kind, namespace: str, name: str, **parts: Any) -> None:
        """Merge into an object as its own controller, or people, would by hand."""
        live = self.objects[url(kind, namespace, name)]
        _merge(live, deepcopy(parts))
        self._touch(live)

    def writes(self) -> list[tuple[str, str]]:
        return [request for request in self.requests if request[0] != "GET"]

    async def _answer(self, request: web.Request) -> web.Response:
        path = request.path
        self.requests.append((request.method, path))
        body = await request.json() if request.can_read_body else {}
        try:
            match request.method:
                case "GET":
                    return web.json_response(self._found(path))
                case "POST":
                    status, answer = self._create(f"{path}/{body['metadata']['name']}", body)
                case "DELETE":
                    status, answer = self._delete(path, body["preconditions"]["uid"])
                case _ if "apply-patch" in request.content_type:
                    self.before_apply(path)
                    status, answer = self._apply(
                        path, body, request.query["fieldManager"], force="force" in request.query
                    )
                case _:
                    _merge(self._found(path), body)
                    status, answer = 200, self._touch(self._found(path))
        except ApiError as error:
            refusal = {"code": error.status, "reason": error.reason, "message": str(error)}
            return web.json_response(refusal, status=error.status)
        return web.json_response(answer, status=status)

    def _found(self, path: str) -> Manifest:
        if path not in self.objects:
            raise ApiError(404, "NotFound", f"{path} not found")
        return self.objects[path]

    def _create(self, path: str, body: Manifest) -> tuple[int, Manifest]:
        if path in self.objects:
            raise ApiError(409, "AlreadyExists", f"{path} exists")
        return 201, self._new(path, body, {"manager": MANAGER, "operation": "Update"})

    def _delete(self, path: str, uid: str) -> tuple[int, Manifest]:
        live = self._found(path)
        if live["metadata"]["uid"] != uid:
            raise ApiError(409, "Conflict", "it is another one")
        if live["metadata"].get("finalizers"):
            live["metadata"]["deletionTimestamp"] = "2030-01-01T00:00:00Z"
            return 200, self._touch(live)
        return 200, self.objects.pop(path)

    def _apply(self, path: str, body: Manifest, manager: str, *, force: bool) -> tuple[int, Manifest]:
        path, part = path.removesuffix("/status"), "status" if path.endswith("/status") else ""
        live, uid = self.objects.get(path), body["metadata"].get("uid")
        if live is None:
            if uid:
                raise ApiError(409, "Conflict", "no existing object was found")
            return 201, self._new(path, body, {"manager": manager, "operation": "Apply"})
        if uid and uid != live["metadata"]["uid"]:
            raise ApiError(409, "Conflict", "uid mismatch")
        if part:
            live[part] = body[part]
            return 200, self._touch(live)
        entries = live["metadata"]["managedFields"]
        others = [entry for entry in entries if entry["manager"] != manager]
        wanted, spec = _fields(body), deepcopy(live.get("spec"))
        for entry in others:
            if not force and _disagree(body, live, wanted, entry["fieldsV1"]):
                raise ApiError(409, "Conflict", f"Apply failed with 1 conflict with {entry['manager']!r}")
        for entry in entries:
            if entry["manager"] == manager:
                _drop(live, _without(entry["fieldsV1"], [wanted, *(each["fieldsV1"] for each in others)]))
        _merge(live, {name: value for name, value in deepcopy(body).items() if name not in _NOT_FIELDS})
        mine = {"manager": manager, "operation": "Apply", "fieldsV1": wanted}
        live["metadata"]["managedFields"] = [*others, *([mine] if wanted else [])]
        live["metadata"]["generation"] += live.get("spec") != spec
        return 200, self._touch(live)

    def _new(self, path: str, body: Manifest, entry: dict[str, Any]) -> Manifest:
        made = deepcopy(body)
        made["metadata"] |= {"uid": f"uid-{next(self._numbers)}", "generation": 1}
        made["metadata"]["managedFields"] = [{**entry, "fieldsV1": _fields(body)}]
        self.objects[path] = made
        return self._touch(made)

    def _touch(self, live: Manifest) -> Manifest:
        live["metadata"]["resourceVersion"] = str(next(self._numbers))
        return live


class _NoLogin:
    def headers(self) -> dict[str, str]:
        return {}


def _fields(body: Manifest) -> dict[str, Any]:
    fields = {name: value for name, value in body.items() if name not in _NOT_FIELDS}
    metadata = {
        name: value for name, value in body["metadata"].items() if name not in _NOT_FIELDS_OF_METADATA
    }
    rest = {name: value for name, value in fields.items() if name != "metadata"}
    return _paths(rest | ({"metadata": metadata} if metadata else {}))


def _paths(value: Any) -> dict[str, Any]:
    return {f"f:{name}": _paths(part) for name, part in value.items()} if isinstance(value, dict) else {}


def _disagree(body: Any, live: Any, wanted: dict[str, Any], theirs: dict[str, Any]) -> bool:
    """Whether a field of both managers has another value than it would get."""
    for path in wanted.keys() & theirs.keys():
        name = path[2:]
        if wanted[path] and theirs[path]:
            if _disagree(body[name], live[name], wanted[path], theirs[path]):
                return True
        elif body[name] != live[name]:
            return True
    return False


def _without(fields: dict[str, Any], kept: list[dict[str, Any]]) -> dict[str, Any]:
    """The fields that are in none of `kept`."""
    left: dict[str, Any] = {}
    for path, below in fields.items():
        also = [each[path] for each in kept if path in each]
        if not also or (path == "f:ownerReferences"):
            left[path] = below
        elif below and (inside := _without(below, also)):
            left[path] = inside
    return left


def _drop(live: Any, fields: dict[str, Any]) -> None:
    for path, below in fields.items():
        name = path[2:]
        if below and name in live:
            _drop(live[name], below)
            if not live[name]:
                del live[name]
        else:
            live.pop(name, None)


def _merge(live: Any, change: Any) -> None:
    for name, value in change.items():
        if isinstance(value, dict) and isinstance(live.get(name), dict):
            _merge(live[name], value)
        elif name == "ownerReferences":
            mine = {each["uid"] for each in value}
            live[name] = [*(each for each in live.get(name, ()) if each["uid"] not in mine), *value]
        elif name != "uid":
            live[name] = value


_OPEN_KAFKA = {"metadata": {"namespace": "kafka", "name": "kafka", "annotations": {ANNOTATION: "*"}}}


@dataclass
class OfflineOperator:
    """One replica, with caches that are as full as informers would have made them."""

    stand_in: StandIn
    context: ReconcileContext
    foreign: ReferencedSecrets
    told: list[AppKey] = field(default_factory=list)

    @classmethod
    @asynccontextmanager
    async def working(cls, stand_in: StandIn) -> AsyncIterator[Self]:
        told: list[AppKey] = []
        async with stand_in.serving() as client:
            children, foreign = Children(told.append), ReferencedSecrets(client, told.append)
            kafka_access = KafkaAccess(told.append)
            kafka_access.kafkas.put(_OPEN_KAFKA)
            context = ReconcileContext(
                client=client,
                todoapps=TodoApps(),
                children=children,
                secrets=AppSecrets(client, children, foreign),
                image="registry.example.com/todoapp:1.0",
                kinds=lambda: frozenset(KINDS),
                kafka_access=kafka_access,
                namespace="todoapp-system",
            )
            yield cls(stand_in, context, foreign, told)

    def install(self, spec: dict[str, Any], *, namespace: str = "home", name: str = "todo") -> AppKey:
        """Apply a TodoApp, as its owner does."""
        metadata = {"name": name, "namespace": namespace}
        self.stand_in.put(TODOAPP, {"metadata": metadata, "spec": spec})
        return AppKey(namespace, name)

    async def reconcile(self, key: AppKey) -> list[str]:
        """Tell what is there, and reconcile one TodoApp.

        Returns:
            What it could not write: the message about a name that is taken, or the reason of a refusal.
        """
        self.learn()
        try:
            await Reconciler(self.context).reconcile(key)
        except NameIsTaken as taken:
            return [str(taken)]
        except ApiError as error:
            return [error.reason]
        return []

    def learn(self) -> None:
        """What the informers and Kopf tell when they have told everything."""
        for kind in (*KINDS, SECRET):
            ours, theirs = _divided(self.stand_in.of_kind(kind))
            self._tell(self.context.children.of_kind(kind), ours)
            if kind is SECRET:
                self._tell(self.foreign, theirs)
        there = {each["metadata"]["uid"]: each for each in self.stand_in.of_kind(TODOAPP)}
        for record in self.context.todoapps:
            if record.uid not in there:
                gone = {"namespace": record.key.namespace, "name": record.key.name, "uid": record.uid}
                self.context.todoapps.remove({"metadata": gone})
        for manifest in there.values():
            self.context.todoapps.put(manifest)

    def status(self, key: AppKey) -> dict[str, tuple[str, str]]:
        """Status and reason of each condition."""
        resource = self.stand_in.get(TODOAPP, *key) or {}
        conditions = resource.get("status", {}).get("conditions", ())
        return {each["type"]: (each["status"], each["reason"]) for each in conditions}

    @staticmethod
    def _tell(sink: Any, manifests: list[Manifest]) -> None:
        for manifest in manifests:
            sink.put(manifest)
        places = [(each["metadata"]["namespace"], each["metadata"]["name"]) for each in manifests]
        sink.retain(places, EVERYWHERE)


def _divided(manifests: list[Manifest]) -> tuple[list[Manifest], list[Manifest]]:
    """Those with our label, which are followed whole, and the others."""
    parts: tuple[list[Manifest], list[Manifest]] = ([], [])
    for manifest in manifests:
        ours = manifest["metadata"].get("labels", {}).get(MANAGER_LABEL) == MANAGER
        parts[0 if ours else 1].append(manifest)
    return parts
