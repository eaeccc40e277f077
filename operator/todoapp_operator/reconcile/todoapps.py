"""The TodoApps of the cluster as their latest events tell, each as little as a reconciliation needs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.reconcile.ownership import AppKey, Owner
from todoapp_operator.resource.spec import TodoApp

__all__ = ["Record", "TodoApps"]


@dataclass(frozen=True, slots=True)
class Record:
    """One TodoApp; `resource` is what it says, `status` what was last said about it."""

    key: AppKey
    uid: str
    version: int
    generation: int
    deleting: bool
    finalizers: tuple[str, ...]
    resource: bytes
    status: dict[str, Any]

    @classmethod
    def of(cls, manifest: Manifest) -> "Record":
        metadata = manifest["metadata"]
        identity = {name: metadata[name] for name in ("name", "namespace", "uid", "generation")}
        return cls(
            key=AppKey(metadata["namespace"], metadata["name"]),
            uid=metadata["uid"],
            version=int(metadata["resourceVersion"]),
            generation=metadata["generation"],
            deleting="deletionTimestamp" in metadata,
            finalizers=tuple(metadata.get("finalizers", ())),
            resource=orjson.dumps({"metadata": identity, "spec": manifest.get("spec", {})}),
            status=manifest.get("status", {}),
        )

    @property
    def owner(self) -> Owner:
        return Owner(self.key, self.uid)

    def parse(self) -> TodoApp:
        """
        Raises:
            ValidationError: it was admitted under another definition than ours.
        """
        return TodoApp.model_validate(orjson.loads(self.resource))


class TodoApps:
    def __init__(self) -> None:
        self._records: dict[AppKey, Record] = {}

    def __iter__(self) -> Iterator[Record]:
        return iter(tuple(self._records.values()))

    def get(self, key: AppKey) -> Record | None:
        return self._records.get(key)

    def update(self, event: str, manifest: Manifest) -> AppKey | None:
        """Take in what a watch tells; `event` is its type.

        Returns:
            The TodoApp to look at, or None if this was known already.
        """
        if event == "DELETED":
            return self.remove(manifest)
        record = self.put(manifest)
        return record.key if record else None

    def put(self, manifest: Manifest) -> Record | None:
        """
        Returns:
            The record, or None if a later state is known already.
        """
        record = Record.of(manifest)
        known = self._records.get(record.key)
        if known and known.version >= record.version:
            return None
        self._records[record.key] = record
        return record

    def remove(self, manifest: Manifest) -> AppKey | None:
        """
        Returns:
            Which TodoApp is gone, or None if another of the same name has followed it.
        """
        metadata = manifest["metadata"]
        key = AppKey(metadata["namespace"], metadata["name"])
        known = self._records.get(key)
        if known is None or known.uid != metadata["uid"]:
            return None
        del self._records[key]
        return key
