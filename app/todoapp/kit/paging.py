"""Pages of a list, and the opaque cursors that lead from one to the next."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import blake2b
from typing import Any, Generic, TypeVar

import orjson
from pydantic import BaseModel, Field, TypeAdapter

from todoapp.kit.errors import Invalid, Violation

__all__ = ["InvalidCursor", "Page", "decode_cursor", "encode_cursor"]

Item = TypeVar("Item")
Place = TypeVar("Place")


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


def decode_cursor(query: object, cursor: str, place: TypeAdapter[Place]) -> Place:
    """The sort values in a cursor, of the types that `place` tells.

    Raises:
        InvalidCursor: not one of ours, or made for another query.
    """
    try:
        fingerprint, *after = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if fingerprint == _fingerprint(query):
            return place.validate_python(after)
    except (ValueError, TypeError) as error:
        raise InvalidCursor from error
    raise InvalidCursor


def _fingerprint(query: object) -> str:
    return blake2b(orjson.dumps(query, option=orjson.OPT_SORT_KEYS), digest_size=6).hexdigest()
