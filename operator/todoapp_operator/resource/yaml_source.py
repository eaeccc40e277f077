"""YAML documents that remember the line of every field."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from todoapp_operator.resource.user_error import UserError

__all__ = ["YamlDocument", "read_documents"]

Location = Sequence[str | int]


class _Loader(yaml.SafeLoader):
    """Reads scalars as Kubernetes does: what looks like a date stays a text."""


def _as_text(loader: _Loader, node: yaml.ScalarNode) -> str:
    return str(loader.construct_scalar(node))


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _as_text)


@dataclass(frozen=True)
class YamlDocument:
    """One document of a file: its value, and where each part of it stands."""

    file: str
    value: Any = field(repr=False)
    node: yaml.Node = field(repr=False)

    def line(self, location: Location = ()) -> int:
        """Line, from 1, of the field at `location`, or of the nearest part around it that exists."""
        node, mark = self.node, self.node.start_mark
        for step in location:
            key, node = _child(node, step)
            if key is None:
                break
            mark = key.start_mark
        return mark.line + 1

    def place(self, location: Location = ()) -> str:
        return f"{self.file}:{self.line(location)}"


def read_documents(text: str, file: str) -> list[YamlDocument]:
    """Read every document of `text` that is not empty.

    Raises:
        UserError: `text` is no YAML, or a mapping names a key twice.
    """
    try:
        nodes = [node for node in yaml.compose_all(text, _Loader) if not _empty(node)]
        duplicates = [f"{file}:{sentence}" for node in nodes for sentence in _duplicate_keys(node)]
        if duplicates:
            raise UserError(*duplicates)
        return [YamlDocument(file, _value(node), node) for node in nodes]
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise UserError(f"{file}{line}: this is not valid YAML: {error.problem}.") from error
    except yaml.YAMLError as error:
        raise UserError(f"{file}: this is not valid YAML: {error}.") from error


def _empty(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def _value(node: yaml.Node) -> Any:
    return _Loader("").construct_document(node)


def _child(node: yaml.Node, step: str | int) -> tuple[yaml.Node | None, yaml.Node]:
    """The node that names `step` within `node`, and the value that it names."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == step:
                return key, value
    elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step]
    return None, node


def _duplicate_keys(node: yaml.Node) -> Iterator[str]:
    for mapping in _mappings(node, seen=set()):
        first_lines: dict[str, int] = {}
        for key in (key for key, _ in mapping.value if isinstance(key, yaml.ScalarNode)):
            line = key.start_mark.line + 1
            if first := first_lines.get(key.value):
                yield f"{line}: the key `{key.value}` was given in line {first} already; keep one of them."
            first_lines.setdefault(key.value, line)


def _mappings(node: yaml.Node, seen: set[int]) -> Iterator[yaml.MappingNode]:
    """Every mapping within `node`, once each: an alias may lead back to where it stands."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        yield node
    for child in _children(node):
        yield from _mappings(child, seen)


def _children(node: yaml.Node) -> list[yaml.Node]:
    match node:
        case yaml.MappingNode():
            return [value for _, value in node.value]
        case yaml.SequenceNode():
            return list(node.value)
        case _:
            return []
