"""Numbers and sizes that can work."""

import re

from todoapp_platform.user_error import UserError

__all__ = ["require_number", "require_size"]

_SIZE = re.compile(r"[1-9]\d*(k|[MGTP]i?|Ki)?")


def require_number(number: int, *, of: str) -> None:
    """
    Raises:
        UserError: there would be none of what `of` names.
    """
    if number < 1:
        raise UserError(f"{number} is no number of {of}; write 1 or more.")


def require_size(size: str, *, of: str) -> None:
    """
    Raises:
        UserError: what `of` names, such as "a broker's volume", cannot have the size.
    """
    if not _SIZE.fullmatch(size):
        raise UserError(f"'{size}' is no size of {of}; write one such as 10Gi.")
