"""Kubernetes objects as they are written."""

from typing import Any

import orjson
import yaml

__all__ = ["Manifest", "body_of", "to_yaml"]

Manifest = dict[str, Any]
"""One object: `apiVersion`, `kind`, `metadata` and the rest, as in YAML."""


class _Dumper(yaml.SafeDumper):
    """Writes a value in full wherever it is used, never as an alias of its first place."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def to_yaml(manifest: Manifest) -> str:
    return yaml.dump(manifest, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


def body_of(manifest: Manifest) -> bytes:
    """A manifest as it is sent; rendering keeps an order, so equal manifests have equal bodies."""
    return orjson.dumps(manifest)
