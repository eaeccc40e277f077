"""Pages of a list, and the opaque cursors that lead from one to the next."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import blake2b
from typing import Any, Generic, TypeVar

import orjson
from pydantic import BaseModel, Field

from todoapp.errors import Invalid, Violation

__all__ = ["InvalidCursor", "Page", "decode_cursor", "encode_cursor"]

Item = TypeVar("Item")


class Page(BaseModel, Generic[Item]):
    items: list[Item]
    next_cursor: str | None = Field(default=None, description="asks for the next page; null on the last")
    total: int | None = Field(default=None, description="of all pages; only with include_total=true")


class InvalidCursor(Invalid):
    code = "invalid-cursor"

    def __init__(self) -> None:
        sentence = "The cursor belongs to another list or filter; start again without a cursor."
        super().__init__(sentence, errors=[Violation("#/query/cursor", sentence)])


def encode_cursor(query: object, after: list[Any]) -> str:
    """Name a place in a list: the sort values of its last row, bound to the query that made the list."""
    return urlsafe_b64encode(orjson.dumps([_fingerprint(query), *after])).rstrip(b"=").decode()


def decode_cursor(query: object, cursor: str, *, length: int) -> list[Any]:
    """The `length` sort values in a cursor.

    Raises:
        InvalidCursor: not one of ours, or made for another query.
    """
    try:
        after: list[Any]
        fingerprint, *after = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, TypeError) as error:
        raise InvalidCursor from error
    if fingerprint != _fingerprint(query) or len(after) != length:
        raise InvalidCursor
    return after


def _fingerprint(query: object) -> str:
    return blake2b(orjson.dumps(query, option=orjson.OPT_SORT_KEYS), digest_size=6).hexdigest()
