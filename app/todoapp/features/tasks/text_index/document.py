"""The words of a task as its row carries them into the search index."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from sqlalchemy import Dialect, Text, TypeDecorator
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.types import TypeEngine

from todoapp.features.tasks.text_index.words import tokens

__all__ = ["SearchDocument", "SearchVector", "owner_key"]

GAP = 2  # positions between title and description, so that no phrase runs from one into the other


def owner_key(user_id: UUID) -> str:
    """What every indexed word of a user begins with.

    So a look into the index meets this user's tasks only, however many others use the same word. Two
    users in sixteen million share a key, so the tasks that are found are still asked for their user.
    The first letter keeps words apart from ids, which are hexadecimal.
    """
    return "u" + user_id.hex[-6:]


@dataclass(frozen=True)
class SearchDocument:
    """A task's words, each behind its owner's key."""

    title: tuple[str, ...]
    """The bare key comes first. It finds all tasks of the user, for a search to leave some out."""
    description: tuple[str, ...]

    @classmethod
    def of(cls, user_id: UUID, title: str, description: str) -> Self:
        owner = owner_key(user_id)
        return cls((owner, *_keyed(owner, title)), tuple(_keyed(owner, description)))

    def as_tsvector(self) -> str:
        """PostgreSQL's notation; the title has weight A, the description D."""
        places: defaultdict[str, list[str]] = defaultdict(list)
        for position, term in enumerate(self.title, start=1):
            places[term].append(f"{position}A")
        for position, term in enumerate(self.description, start=len(self.title) + GAP):
            places[term].append(str(position))
        return " ".join(f"{term}:{','.join(where)}" for term, where in places.items())

    def as_lines(self) -> str:
        """The title's words on the first line, the description's on the second, for the trigger of FTS5."""
        return f"{' '.join(self.title)}\n{' '.join(self.description)}"


def _keyed(owner: str, text: str) -> Iterable[str]:
    return (owner + token.word for token in tokens(text))


class SearchVector(TypeDecorator[Any]):
    """A `SearchDocument` on its way into the index; only the database reads it."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(TSVECTOR() if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: SearchDocument | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        return value.as_tsvector() if dialect.name == "postgresql" else value.as_lines()
