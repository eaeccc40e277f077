"""The search index as the two databases have it: PostgreSQL a GIN index on `tsvector`, SQLite FTS5."""

from collections.abc import Callable
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
    or_,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.ext.asyncio import AsyncSession

from todoapp.features.tasks.model import tasks
from todoapp.features.tasks.text_index.document import owner_key
from todoapp.features.tasks.text_search.query import Query, Term
from todoapp.features.tasks.text_search.spelling import corrected, typed_words

__all__ = ["TextMatch", "corrected_query", "matching"]

END_OF_RANGE = "\U0010ffff"
TITLE_WEIGHT, DESCRIPTION_WEIGHT = 10.0, 1.0
"""As PostgreSQL weighs A and D."""

vocabulary = table("search_vocabulary", column("term"))
fts5 = table("search_index", column("task_id", Uuid))


@dataclass(frozen=True)
class TextMatch:
    """What a query means in SQL, beside `tasks`."""

    condition: ColumnElement[bool]
    """Holds of those of the user's tasks that are found."""
    rank: ColumnElement[float]
    """The better the higher."""


async def corrected_query(session: AsyncSession, user_id: UUID, query: Query) -> Query:
    """The query with every word that begins no word of the user's tasks replaced by those it resembles."""
    typed = typed_words(query)
    if not typed:
        return query
    owner = owner_key(user_id)
    some_unknown = or_(*(~exists().where(_begins(owner + word)) for word in typed))
    terms = await session.scalar(
        select(func.aggregate_strings(vocabulary.c.term, " ")).where(_begins(owner), some_unknown)
    )
    if terms is None:
        return query
    unknown = {word for word in typed if f" {owner}{word}" not in f" {terms}"}
    return corrected(query, unknown, terms.removeprefix(owner).split(f" {owner}"))


def matching(query: Query, user_id: UUID, *, dialect: str) -> TextMatch:
    """The user's tasks that a query finds."""
    if query.is_empty:
        return TextMatch(false(), literal(0.0))
    return DIALECTS[dialect](query, user_id)


def _begins(prefix: str) -> ColumnElement[bool]:
    return and_(vocabulary.c.term >= prefix, vocabulary.c.term < prefix + END_OF_RANGE)


def _in_postgresql(query: Query, user_id: UUID) -> TextMatch:
    """https://www.postgresql.org/docs/current/datatype-textsearch.html#DATATYPE-TSQUERY"""
    owner = owner_key(user_id)
    wanted = [f"({' | '.join(_tsquery_term(term, owner) for term in group)})" for group in query.wanted]
    unwanted = [f"!({_tsquery_term(term, owner)})" for term in query.unwanted]
    asked, ranked = (
        cast(" & ".join(terms), TSQUERY) for terms in ([owner, *wanted, *unwanted], wanted or [owner])
    )
    # No index supports IS NOT DISTINCT FROM, so this condition filters rows only. With `=` the planner would
    # also read the index of all the user's tasks: it does not know that almost all rows found are the user's.
    theirs = tasks.c.user_id.is_not_distinct_from(user_id)
    return TextMatch(and_(tasks.c.words.bool_op("@@")(asked), theirs), func.ts_rank(tasks.c.words, ranked))


def _tsquery_term(term: Term, owner: str) -> str:
    """A word that stands whole counts twice: as itself and as a beginning."""
    phrase = " <-> ".join(owner + word for word in term.words)
    return f"({phrase}) | ({phrase}:*)" if term.is_prefix else f"({phrase})"


def _in_sqlite(query: Query, user_id: UUID) -> TextMatch:
    matches = literal_column("search_index").bool_op("MATCH")(_fts5_query(query, owner_key(user_id)))
    score = func.bm25(literal_column("search_index"), 0.0, TITLE_WEIGHT, DESCRIPTION_WEIGHT)
    return TextMatch(and_(tasks.c.user_id == user_id, fts5.c.task_id == tasks.c.id, matches), -score)


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


DIALECTS: dict[str, Callable[[Query, UUID], TextMatch]] = {
    "postgresql": _in_postgresql,
    "sqlite": _in_sqlite,
}
