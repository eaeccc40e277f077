"""A local picture of all objects of one kind, kept up to date by a watch."""

import asyncio
import logging
import random
from collections.abc import Callable, Collection
from http import HTTPStatus
from typing import Any, NamedTuple, Protocol

from todoapp_operator.kube.backoff import BackOff
from todoapp_operator.kube.client import UNREACHABLE, ApiError, Client

__all__ = ["EVERYWHERE", "METADATA_ONLY", "Informer", "Scope", "Sink"]

logger = logging.getLogger(__name__)

METADATA_ONLY = "application/json;as=PartialObjectMetadata{0};g=meta.k8s.io;v=v1,application/json"
"""Objects without spec, data and status; `{0}` is `List` when all are asked for."""

# The API server ends a watch after this time; a random share more keeps ours apart.
_WATCH_SECONDS = 300

# Bookmarks come every minute, so a longer silence means that the connection is dead.
_SILENCE_SECONDS = 90

_RECONNECT = BackOff(first=0.1, longest=5)
_ABSENT = BackOff(first=0.2, longest=30)

Object = dict[str, Any]


class Scope(NamedTuple):
    """Which objects of a kind are followed: those of a namespace, or the one of a name; empty means all."""

    namespace: str = ""
    name: str = ""

    def covers(self, namespace: str, name: str) -> bool:
        return self.namespace in ("", namespace) and self.name in ("", name)


EVERYWHERE = Scope()


class Sink(Protocol):
    """Where an informer puts what it hears."""

    def put(self, manifest: Object) -> None:
        """An object is there, new or changed."""

    def remove(self, manifest: Object) -> None:
        """An object is gone; `manifest` is its last state."""

    def retain(self, present: Collection[tuple[str, str]], scope: Scope) -> None:
        """Of those in `scope` only these, by namespace and name, are there."""


class Informer:
    """Lists, then watches; lists again when the watch has missed something.

    `path` lists the kind in the namespace of `scope`; `selector` is one of labels.

    `on_presence` is told whenever the cluster starts or stops to know the kind.
    """

    def __init__(
        self,
        client: Client,
        path: str,
        sink: Sink,
        *,
        scope: Scope = EVERYWHERE,
        selector: str = "",
        metadata_only: bool = False,
        on_presence: Callable[[bool], None] = lambda _: None,
    ) -> None:
        self._client = client
        self._path = path
        self._sink = sink
        self._scope = scope
        by_label = {"labelSelector": selector} if selector else {}
        by_name = {"fieldSelector": f"metadata.name={scope.name}"} if scope.name else {}
        self._parameters = by_label | by_name
        self._accepts = [
            METADATA_ONLY.format(kind) if metadata_only else "application/json" for kind in ("List", "")
        ]
        self._on_presence = on_presence
        self._version = ""
        self._failures = 0
        self._poked = asyncio.Event()
        self.settled = asyncio.Event()
        """Set once it is known what is there."""

    def poke(self) -> None:
        """The cluster may know the kind from now on: look soon."""
        self._poked.set()

    async def run(self) -> None:
        """Never returns."""
        while True:
            try:
                await self._follow()
            except ApiError as error:
                await self._recover(error)
            except UNREACHABLE as error:
                await self._pause(_RECONNECT, f"{type(error).__name__}: {error}")

    async def _follow(self) -> None:
        if not self._version:
            self._version = await self._list()
            self._on_presence(True)
            self.settled.set()
        async for event in self._client.watch(
            self._path,
            accept=self._accepts[1],
            silence_seconds=_SILENCE_SECONDS,
            resourceVersion=self._version,
            timeoutSeconds=str(int(_WATCH_SECONDS * random.uniform(1, 1.5))),  # noqa: S311 - no secret
            **self._parameters,
        ):
            self._take(event["type"], event["object"])
            self._failures = 0

    async def _list(self) -> str:
        present: set[tuple[str, str]] = set()
        version = ""
        async for page in self._client.pages(self._path, self._accepts[0], **self._parameters):
            for item in page["items"] or ():
                metadata = item["metadata"]
                present.add((metadata.get("namespace", ""), metadata["name"]))
                self._sink.put(item)
            version = page["metadata"]["resourceVersion"]
        self._sink.retain(present, self._scope)
        return version

    def _take(self, event: str, manifest: Object) -> None:
        match event:
            case "ERROR":
                raise ApiError.of(manifest)
            case "ADDED" | "MODIFIED":
                self._sink.put(manifest)
            case "DELETED":
                self._sink.remove(manifest)
        self._version = manifest["metadata"]["resourceVersion"]

    async def _recover(self, error: ApiError) -> None:
        match error.status:
            case HTTPStatus.GONE:
                self._version = ""
            case HTTPStatus.NOT_FOUND:
                self._version = ""
                self._sink.retain((), self._scope)
                self._on_presence(False)
                self.settled.set()
                await self._pause(_ABSENT, "")
            case _:
                await self._pause(_RECONNECT, f"{error.status} {error}")

    async def _pause(self, back_off: BackOff, problem: str) -> None:
        self._failures += 1
        wait = back_off.after(self._failures)
        if problem:
            logger.warning(
                "The watch of %s was interrupted; restarting it.",
                self._path,
                extra={"problem": problem, "wait_seconds": wait},
            )
        try:
            async with asyncio.timeout(wait):
                await self._poked.wait()
                self._failures = 0
        except TimeoutError:
            pass
        self._poked.clear()
