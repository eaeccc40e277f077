"""The search index as the two databases have it: PostgreSQL a GIN index on `tsvector`, SQLite FTS5."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Uuid,
    and_,
    cast,
    column,
    exists,
    false,
    func,
    literal,
    literal_column,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.ext.asyncio import AsyncSession

from todoapp.tasks.model import Task
from todoapp.tasks.searching.query import Query, Term
from todoapp.tasks.searching.spelling import corrected, typed_words
from todoapp.tasks.searching.vector import owner_key

__all__ = ["TextMatch", "matching", "respelt"]

END_OF_RANGE = "\U0010ffff"
TITLE_WEIGHT, DESCRIPTION_WEIGHT = 10.0, 1.0
"""As PostgreSQL weighs A and D."""

vocabulary = table("search_vocabulary", column("term"))
fts5 = table("search_index", column("task_id", Uuid))


@dataclass(frozen=True)
class TextMatch:
    """What a query means in SQL, beside `tasks`."""

    condition: ColumnElement[bool]
    rank: ColumnElement[float]
    """The better the higher."""


async def respelt(session: AsyncSession, user_id: UUID, query: Query) -> Query:
    """The query with every word that begins no word of the user's tasks replaced by those it resembles."""
    unknown = await _unknown(session, user_id, typed_words(query))
    if not unknown:
        return query
    owner = owner_key(user_id)
    terms = await session.scalar(select(func.aggregate_strings(vocabulary.c.term, " ")).where(_begins(owner)))
    return corrected(query, unknown, [term.removeprefix(owner) for term in (terms or "").split()])


def matching(query: Query, user_id: UUID, *, dialect: str) -> TextMatch:
    """The tasks that a query finds. They still have to be asked whose they are."""
    if query.is_empty:
        return TextMatch(false(), literal(0.0))
    return DIALECTS[dialect](query, owner_key(user_id))


async def _unknown(session: AsyncSession, user_id: UUID, words: Sequence[str]) -> set[str]:
    if not words:
        return set()
    owner = owner_key(user_id)
    known = (await session.execute(select(*(exists().where(_begins(owner + word)) for word in words)))).one()
    return {word for word, is_known in zip(words, known, strict=True) if not is_known}


def _begins(prefix: str) -> ColumnElement[bool]:
    return and_(vocabulary.c.term >= prefix, vocabulary.c.term < prefix + END_OF_RANGE)


def _in_postgresql(query: Query, owner: str) -> TextMatch:
    """https://www.postgresql.org/docs/current/datatype-textsearch.html#DATATYPE-TSQUERY"""
    wanted = [f"({' | '.join(_tsquery_term(term, owner) for term in group)})" for group in query.wanted]
    unwanted = [f"!({_tsquery_term(term, owner)})" for term in query.unwanted]
    # The bare key tells the planner how few of all tasks are the user's: it then needs no other index.
    asked, ranked = (
        cast(" & ".join(terms), TSQUERY) for terms in ([owner, *wanted, *unwanted], wanted or [owner])
    )
    return TextMatch(Task.words.bool_op("@@")(asked), func.ts_rank(Task.words, ranked))


def _tsquery_term(term: Term, owner: str) -> str:
    """A word that stands whole counts twice: as itself and as a beginning."""
    phrase = " <-> ".join(owner + word for word in term.words)
    return f"({phrase}) | ({phrase}:*)" if term.is_prefix else f"({phrase})"


def _in_sqlite(query: Query, owner: str) -> TextMatch:
    matches = literal_column("search_index").bool_op("MATCH")(_fts5_query(query, owner))
    score = func.bm25(literal_column("search_index"), 0.0, TITLE_WEIGHT, DESCRIPTION_WEIGHT)
    return TextMatch(and_(fts5.c.task_id == Task.id, matches), -score)


def _fts5_query(query: Query, owner: str) -> str:
    """https://www.sqlite.org/fts5.html#full_text_query_syntax"""
    groups = [" OR ".join(_fts5_term(term, owner) for term in group) for group in query.wanted]
    found = " AND ".join(f"({group})" for group in groups) or owner
    if query.unwanted:
        found = f"({found}) NOT ({' OR '.join(_fts5_term(term, owner) for term in query.unwanted)})"
    return f"{{title description}} : ({found})"


def _fts5_term(term: Term, owner: str) -> str:
    phrase = '"' + " ".join(owner + word for word in term.words) + '"'
    return f"{phrase} OR {phrase} *" if term.is_prefix else phrase


DIALECTS: dict[str, Callable[[Query, str], TextMatch]] = {
    "postgresql": _in_postgresql,
    "sqlite": _in_sqlite,
}
