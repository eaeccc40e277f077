"""What of the feed a program may see."""

from collections.abc import Iterable

from todoapp.features.accounts.identity import Identity, TokenIdentity
from todoapp.messaging.feed import Change

__all__ = ["may_see", "visible"]

OF_THE_PERSON = frozenset({"session", "token"})
"""Entities that no API token may list, so the feed does not tell it of them either."""


def visible(changes: Iterable[Change], identity: Identity) -> list[Change]:
    """The changes of which the holder of a credential may know."""
    return [change for change in changes if may_see(identity, change.entity)]


def may_see(identity: Identity, entity: str) -> bool:
    """Whether the holder of a credential may know of changes of such an entity."""
    return entity not in OF_THE_PERSON or not isinstance(identity, TokenIdentity)
