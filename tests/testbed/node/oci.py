"""Container images as an archive of OCI's layout, made of files on this machine.

https://github.com/opencontainers/image-spec
"""

import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

__all__ = ["Image", "Layer", "write_archive", "write_layer"]

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
_MEDIA = "application/vnd.oci.image"


@dataclass(frozen=True)
class Layer:
    """An uncompressed tar archive, known by its digest."""

    path: Path

    @cached_property
    def digest(self) -> str:
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True)
class Image:
    """`reference` is its name and tag; a container runs `entrypoint`, with arguments of its own."""

    reference: str
    layers: tuple[Layer, ...]
    entrypoint: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


def write_layer(target: Path, tree: Path) -> Layer:
    """Pack all that `tree` holds, as the root of the image, readable for every user. Links stay links."""
    with tarfile.open(target, "w") as archive:
        archive.add(tree, "", filter=_readable)
    return Layer(target)


def write_archive(target: Path, images: Iterable[Image]) -> None:
    """Layers that images have in common are in it once."""
    with tarfile.open(target, "w") as archive:
        blobs = _Blobs(archive)
        index = {
            "schemaVersion": 2,
            "mediaType": f"{_MEDIA}.index.v1+json",
            "manifests": [_named(blobs, image) for image in images],
        }
        _add_file(archive, "oci-layout", b'{"imageLayoutVersion": "1.0.0"}')
        _add_file(archive, "index.json", json.dumps(index).encode())


class _Blobs:
    """What an archive holds, each under its digest."""

    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive = archive
        self._present: set[str] = set()

    def add_json(self, kind: str, content: dict[str, Any]) -> dict[str, Any]:
        """Returns: the descriptor by which others refer to it."""
        blob = json.dumps(content).encode()
        digest = hashlib.sha256(blob).hexdigest()
        if self._is_new(digest):
            _add_file(self._archive, _place(digest), blob)
        return _descriptor(kind, digest, len(blob))

    def add_layer(self, layer: Layer) -> dict[str, Any]:
        digest = layer.digest
        if self._is_new(digest):
            self._archive.add(layer.path, _place(digest))
        return _descriptor("layer.v1.tar", digest, layer.path.stat().st_size)

    def _is_new(self, digest: str) -> bool:
        is_new = digest not in self._present
        self._present.add(digest)
        return is_new


def _named(blobs: _Blobs, image: Image) -> dict[str, Any]:
    layers = [blobs.add_layer(layer) for layer in image.layers]
    configuration = {
        "architecture": _ARCHITECTURES[platform.machine()],
        "os": "linux",
        "config": {
            "Entrypoint": list(image.entrypoint),
            "Env": [f"{name}={value}" for name, value in image.environment.items()],
        },
        # A layer that is not compressed has one digest, as a blob and as what it holds.
        "rootfs": {"type": "layers", "diff_ids": [layer["digest"] for layer in layers]},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{_MEDIA}.manifest.v1+json",
        "config": blobs.add_json("config.v1+json", configuration),
        "layers": layers,
    }
    name = {"io.containerd.image.name": image.reference}
    return blobs.add_json("manifest.v1+json", manifest) | {"annotations": name}


def _descriptor(kind: str, digest: str, size: int) -> dict[str, Any]:
    return {"mediaType": f"{_MEDIA}.{kind}", "digest": f"sha256:{digest}", "size": size}


def _place(digest: str) -> str:
    return f"blobs/sha256/{digest}"


def _add_file(archive: tarfile.TarFile, place: str, content: bytes) -> None:
    info = tarfile.TarInfo(place)
    info.size = len(content)
    archive.addfile(info, io.BytesIO(content))


def _readable(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    info.mode |= 0o555 if info.isdir() or info.mode & 0o100 else 0o444
    return info
