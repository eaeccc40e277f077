"""What of the feed a program may see."""

from collections.abc import Iterable

from todoapp.features.accounts.identity import Identity, TokenIdentity
from todoapp.messaging.feed import Change

__all__ = ["visible"]

OF_THE_PERSON = frozenset({"session", "token"})
"""Entities that no API token may list, so the feed does not tell it of them either."""


def visible(changes: Iterable[Change], identity: Identity) -> list[Change]:
    """The changes of which the holder of a credential may know."""
    if isinstance(identity, TokenIdentity):
        return [change for change in changes if change.entity not in OF_THE_PERSON]
    return list(changes)
