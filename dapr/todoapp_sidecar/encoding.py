"""JSON the way Go's `encoding/json` writes it: sorted keys, no spaces, `<`, `>` and `&` escaped."""

import json
from typing import Any, NoReturn

__all__ = ["dumps", "loads"]


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")


def loads(text: bytes | str) -> Any:
    """Read JSON; integers of any size stay exact.

    Raises:
        ValueError: `text` is not JSON (NaN and Infinity are not), not UTF-8, or nested too deeply.
    """
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise ValueError("the JSON is nested too deeply") from error


def dumps(value: Any, *, sort_keys: bool = True) -> bytes:
    """Write JSON as Dapr does, so that bodies can be compared with recorded ones.

    Go sorts the keys of maps, and leaves those of structs in their order.
    """
    text = json.dumps(value, sort_keys=sort_keys, separators=(",", ":"), ensure_ascii=False)
    # Outside of strings JSON has none of the three, so replacing in the whole text is safe.
    text = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return text.encode("utf-8", errors="replace")
