"""Reads resource files; a resource that the sidecar cannot serve is refused by name."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import ValidationError

from todoapp_sidecar.model import complaint
from todoapp_sidecar.resources import Component, Configuration, Document, Resiliency, Resources, Subscription

__all__ = ["InvalidResource", "load"]

_KINDS: dict[tuple[str, str], type[Document]] = {
    ("dapr.io/v1alpha1", "Component"): Component,
    ("dapr.io/v1alpha1", "Configuration"): Configuration,
    ("dapr.io/v1alpha1", "Resiliency"): Resiliency,
    ("dapr.io/v1alpha1", "Subscription"): Subscription,
    ("dapr.io/v2alpha1", "Subscription"): Subscription,
}

D = TypeVar("D", bound=Document)


class InvalidResource(Exception):
    """A resource that the sidecar cannot use; the sentence names the file and what is wrong."""


def load(paths: Sequence[Path]) -> Resources:
    """Read files, and the `.yaml` and `.yml` files of folders (not of their subfolders).

    Raises:
        InvalidResource: a path that does not exist, a file that is not YAML, a kind, component type or
            field that the sidecar does not know, or two components of one name.
    """
    documents = [document for path in paths for file in _files(path) for document in _documents(file)]
    resources = Resources(
        components=_of(Component, documents),
        subscriptions=_of(Subscription, documents),
        resiliencies=_of(Resiliency, documents),
        configurations=_of(Configuration, documents),
    )
    names = [component.name for component in resources.components]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise InvalidResource(f"Two components are named '{twice}'; each name can be used once.")
    return resources


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(file for file in path.iterdir() if file.suffix in {".yaml", ".yml"})
    if path.is_file():
        return [path]
    raise InvalidResource(f"{path} is neither a resource file nor a folder of them.")


def _documents(file: Path) -> Iterator[Document]:
    try:
        contents = list(yaml.safe_load_all(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InvalidResource(f"{file} is not readable as YAML: {' '.join(str(error).split())}.") from error
    for content in contents:
        if content is not None:
            yield _document(file, content)


def _document(file: Path, content: object) -> Document:
    if not isinstance(content, dict):
        raise InvalidResource(
            f"{file} holds a {type(content).__name__} where a resource with a kind should be."
        )
    version, kind = str(content.get("apiVersion")), str(content.get("kind"))
    if (model := _KINDS.get((version, kind))) is None:
        known = ", ".join(f"{kind} ({version})" for version, kind in _KINDS)
        raise InvalidResource(f"{file}: the embedded sidecar has no kind '{kind}' ({version}), only {known}.")
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise InvalidResource(f"{file}: {kind} {_name(content)}: {complaint(error)}.") from error


def _name(content: dict[str, object]) -> str:
    metadata = content.get("metadata")
    return f"'{metadata.get('name')}'" if isinstance(metadata, dict) else "without a name"


def _of(kind: type[D], documents: Sequence[Document]) -> tuple[D, ...]:
    return tuple(document for document in documents if isinstance(document, kind))
