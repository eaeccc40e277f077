"""Links of the OpenAPI document (§4.20): which answers hold what other operations ask for."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["add_links"]

Paths = Mapping[str, dict[str, Any]]
"""Path → verb → operation"""
Link = tuple[str, dict[str, Any]]


def add_links(paths: Paths) -> None:
    """Link each operation that creates a row to those that read or change it, and a page to the next.

    A member's path continues its collection's with an id: `/api/tags` and `/api/tags/{tag_id}`.
    """
    for path, operations in paths.items():
        if created := operations.get("post", {}).get("responses", {}).get("201"):
            _add(created, _to_members(paths, path))
        if listed := operations.get("get", {}).get("responses", {}).get("200"):
            _add(listed, _to_next_page(operations["get"]))


def _add(answer: dict[str, Any], links: Iterator[Link]) -> None:
    if found := dict(links):
        answer["links"] = found


def _to_members(paths: Paths, collection: str) -> Iterator[Link]:
    member = re.compile(re.escape(collection) + r"/{(\w+)}(/[^{]*)?")
    outer = {name: f"$request.path.{name}" for name in re.findall(r"{(\w+)}", collection)}
    for path, operations in paths.items():
        if found := member.fullmatch(path):
            for operation in operations.values():
                yield _link(operation, {**outer, found[1]: "$response.body#/id"})


def _to_next_page(listing: dict[str, Any]) -> Iterator[Link]:
    if any(each["name"] == "cursor" for each in listing.get("parameters", ())):
        yield _link(listing, {"cursor": "$response.body#/next_cursor"})


def _link(operation: dict[str, Any], parameters: dict[str, str]) -> Link:
    return operation["operationId"], {"operationId": operation["operationId"], "parameters": parameters}
