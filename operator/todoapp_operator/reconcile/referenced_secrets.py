"""Secrets that others made: names are followed, values are read only when a TodoApp needs them."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

from todoapp_operator.kube.client import ApiError, Client
from todoapp_operator.kube.informer import Scope
from todoapp_operator.kube.kinds import Kind, url
from todoapp_operator.reconcile.facts import digest_of
from todoapp_operator.reconcile.ownership import AppKey

__all__ = ["SECRET", "Place", "ReferencedSecrets"]

SECRET = Kind("v1", "Secret", "secrets")


class Place(NamedTuple):
    namespace: str
    name: str


class _Read(NamedTuple):
    version: int
    digests: Mapping[str, bytes]


class ReferencedSecrets:
    """A sink for an informer of metadata. `on_change` is told which TodoApp reads a Secret that changed."""

    def __init__(self, client: Client, on_change: Callable[[AppKey], None]) -> None:
        self._client = client
        self._on_change = on_change
        self._versions: dict[Place, int] = {}
        self._read: dict[Place, _Read] = {}
        self._readers: dict[Place, set[AppKey]] = defaultdict(set)

    async def digests(self, place: Place, reader: AppKey) -> Mapping[str, bytes] | None:
        """A digest of each value by its key, or None if there is no such Secret.

        From now on `reader` is told of changes, whether the Secret is there or not.
        """
        self._readers[place].add(reader)
        if place not in self._versions:
            return None
        read = self._read.get(place)
        if read is None or read.version < self._versions[place]:
            read = await self._fetch(place)
        return read.digests if read else None

    async def values(self, place: Place) -> Mapping[str, str]:
        """The values themselves, in base64; empty if there is no such Secret."""
        try:
            secret = await self._client.get(url(SECRET, *place))
        except ApiError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return {}
            raise
        data: Mapping[str, str] = secret.get("data") or {}
        return data

    def forget(self, reader: AppKey) -> None:
        """`reader` is gone."""
        for place in [place for place, readers in self._readers.items() if reader in readers]:
            self._readers[place].discard(reader)
            if not self._readers[place]:
                del self._readers[place]
                self._read.pop(place, None)

    def put(self, manifest: dict[str, Any]) -> None:
        place = _place(manifest)
        version = int(manifest["metadata"]["resourceVersion"])
        if self._versions.get(place) != version:
            self._versions[place] = version
            self._tell(place)

    def remove(self, manifest: dict[str, Any]) -> None:
        self._drop(_place(manifest))

    def retain(self, present: Collection[tuple[str, str]], scope: Scope) -> None:
        for place in self._versions.keys() - set(present):
            if scope.covers(*place):
                self._drop(place)

    async def _fetch(self, place: Place) -> _Read | None:
        try:
            secret = await self._client.get(url(SECRET, *place))
        except ApiError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise
        digests = {key: digest_of(value) for key, value in (secret.get("data") or {}).items()}
        read = _Read(int(secret["metadata"]["resourceVersion"]), digests)
        self._read[place] = read
        return read

    def _drop(self, place: Place) -> None:
        self._versions.pop(place, None)
        self._read.pop(place, None)
        self._tell(place)

    def _tell(self, place: Place) -> None:
        for reader in tuple(self._readers.get(place, ())):
            self._on_change(reader)


def _place(manifest: dict[str, Any]) -> Place:
    return Place(manifest["metadata"]["namespace"], manifest["metadata"]["name"])
