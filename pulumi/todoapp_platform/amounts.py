"""Checks of numbers and sizes."""

import re

from todoapp_platform.user_error import UserError

__all__ = ["require_number", "require_size"]

_SIZE = re.compile(r"[1-9]\d*(k|[MGTP]i?|Ki)?")


def require_number(number: int, *, of: str) -> None:
    """
    Raises:
        UserError: `number` is less than 1; `of` says what it counts.
    """
    if number < 1:
        raise UserError(f"{number} is not a valid number of {of}; write 1 or more.")


def require_size(size: str, *, of: str) -> None:
    """
    Raises:
        UserError: `size` is not a size; `of` says what has it, such as "a broker's volume".
    """
    if not _SIZE.fullmatch(size):
        raise UserError(f"'{size}' is not a valid size of {of}; write one such as 10Gi.")
