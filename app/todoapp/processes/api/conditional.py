"""Conditional requests (RFC 9110 §13): the version of a resource is its entity tag."""

import re
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Response

from todoapp.kit.errors import Invalid, Stale, Violation

__all__ = ["IfMatch", "IfNoneMatch", "NotModified", "Precondition", "VersionMismatch", "entity_tag", "tag"]

ENTITY_TAG = r'(?:W/)?"[\x21\x23-\x7e]*"'
TAG_LIST = re.compile(rf"{ENTITY_TAG}(?:\s*,\s*{ENTITY_TAG})*")
DESCRIBED = {"pattern": rf"^(\*|{TAG_LIST.pattern})$"}
"""For the document only: a mismatch has a sentence of its own."""


class VersionMismatch(Stale):
    code = "stale"

    def __init__(self, version: int) -> None:
        super().__init__(
            f"Another request changed it; it is now version {version}. Load it again and repeat your change."
        )


class MalformedEntityTag(Invalid):
    code = "malformed-entity-tag"

    def __init__(self, header: str) -> None:
        sentence = f'{header} takes * or quoted entity tags, like "3".'
        super().__init__(sentence, errors=[Violation(f"#/header/{header.lower()}", sentence)])


class NotModified(Exception):
    """The client has this version already."""

    def __init__(self, version: int) -> None:
        super().__init__(version)
        self.version = version


@dataclass(frozen=True)
class Precondition:
    """The entity tags that a client named; without any, every version will do."""

    tags: frozenset[str] | None

    def check(self, version: int) -> None:
        """
        Raises:
            VersionMismatch: the client changed another version than this. A weak tag never matches.
        """
        if self.tags is not None and not self.tags & {"*", entity_tag(version)}:
            raise VersionMismatch(version)


@dataclass(frozen=True)
class Known:
    """The versions that a client has already."""

    tags: frozenset[str]

    def check(self, version: int) -> None:
        """
        Raises:
            NotModified: becomes the answer 304.
        """
        if self.tags & {"*", entity_tag(version), f"W/{entity_tag(version)}"}:
            raise NotModified(version)


def entity_tag(version: int) -> str:
    return f'"{version}"'


def tag(response: Response, version: int) -> None:
    """Tell the client the version that it gets."""
    response.headers["ETag"] = entity_tag(version)


def _tags(header: str, value: str) -> frozenset[str]:
    if value.strip() == "*":
        return frozenset({"*"})
    if not TAG_LIST.fullmatch(value.strip()):
        raise MalformedEntityTag(header)
    return frozenset(re.findall(ENTITY_TAG, value))


async def _if_match(
    if_match: Annotated[
        str | None,
        Header(description="change it only if this is its `ETag`", json_schema_extra=DESCRIBED),
    ] = None,
) -> Precondition:
    return Precondition(None if if_match is None else _tags("If-Match", if_match))


async def _if_none_match(
    if_none_match: Annotated[
        str | None, Header(description="answer 304 if this is its `ETag`", json_schema_extra=DESCRIBED)
    ] = None,
) -> Known:
    return Known(frozenset() if if_none_match is None else _tags("If-None-Match", if_none_match))


IfMatch = Annotated[Precondition, Depends(_if_match)]
IfNoneMatch = Annotated[Known, Depends(_if_none_match)]
