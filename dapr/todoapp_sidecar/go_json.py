"""JSON the way Go's `encoding/json` writes it: sorted keys, no spaces, `<`, `>` and `&` escaped."""

import json
from typing import Any, NoReturn

import orjson
from pydantic_core import from_json

__all__ = ["dumps", "loads"]


def loads(text: bytes | str) -> Any:
    """Read JSON; integers of any size stay exact.

    Raises:
        ValueError: `text` is not JSON (NaN and Infinity are not), not UTF-8, or nested too deeply.
    """
    try:
        return from_json(text, allow_inf_nan=False)
    except ValueError:
        # For what the fast parser refuses, such as half of a surrogate pair, and for the text of the error.
        return _loads(text)


def dumps(value: Any, *, sort_keys: bool = True) -> bytes:
    """Write JSON as Dapr does, so that bodies can be compared with recorded ones.

    Go sorts the keys of maps, and leaves those of structs in their order.
    """
    try:
        text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS if sort_keys else None)
    except TypeError:  # an integer of more than 64 bits, or half of a surrogate pair
        text = _dumps(value, sort_keys)
    # Outside of strings JSON has none of the three, so replacing in the whole text is safe.
    return text.replace(b"<", b"\\u003c").replace(b">", b"\\u003e").replace(b"&", b"\\u0026")


def _loads(text: bytes | str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise ValueError("the JSON is nested too deeply") from error


def _dumps(value: Any, sort_keys: bool) -> bytes:
    text = json.dumps(value, sort_keys=sort_keys, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", errors="replace")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")
