"""Objects as they are, beside objects as they should be."""

from collections.abc import Iterator
from typing import Any

__all__ = ["differences"]


def differences(stored: Any, wanted: Any, path: str = "") -> Iterator[str]:
    """Where `stored` differs from `wanted`; additional fields of `stored` do not count."""
    if isinstance(wanted, dict) and isinstance(stored, dict):
        for name, value in wanted.items():
            yield from differences(stored.get(name), value, f"{path}.{name}")
    elif isinstance(wanted, list) and isinstance(stored, list) and len(wanted) == len(stored):
        for index, value in enumerate(wanted):
            yield from differences(stored[index], value, f"{path}[{index}]")
    elif wanted != stored:
        yield f"{path}: {wanted!r} became {stored!r}"
