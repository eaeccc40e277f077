"""Where a text says what was searched for, as HTML."""

import re
from collections.abc import Iterator
from functools import lru_cache
from html import escape

from todoapp.features.tasks.text_index.words import tokens
from todoapp.features.tasks.text_search.query import Query

__all__ = ["excerpt", "highlight"]

EXCERPT = 160  # characters of the text, without what makes it HTML
LEAD = 40  # of them before the first word that was found
ELLIPSIS = "…"


def highlight(text: str, query: Query) -> str:
    """The whole text, with every word that was found in `<mark>` and all else escaped."""
    return _marked(text, query, 0, len(text))


def excerpt(text: str, query: Query) -> str:
    """About two lines of a long text, around the first word that was found, as `highlight` shows it."""
    if len(text) <= EXCERPT:
        return highlight(text, query)
    first, _ = next(_found(text, query), (0, 0))
    start = _start(text, first)
    end = _end(text, start + EXCERPT)
    before, after = ELLIPSIS if start else "", ELLIPSIS if end < len(text) else ""
    return before + _marked(text, query, start, end) + after


def _start(text: str, first: int) -> int:
    """Shortly before the place `first`, where a word begins."""
    if first <= LEAD:
        return 0
    return text.find(" ", first - LEAD, first) + 1 or first - LEAD


def _end(text: str, latest: int) -> int:
    """Shortly before the place `latest`, where a word ends."""
    if latest >= len(text):
        return len(text)
    space = text.rfind(" ", latest - LEAD, latest)
    return latest if space < 0 else space


def _marked(text: str, query: Query, start: int, end: int) -> str:
    pieces, at = [], start
    for first, last in _found(text, query):
        if at <= first and last <= end:
            pieces += [escape(text[at:first]), "<mark>", escape(text[first:last]), "</mark>"]
            at = last
    return "".join([*pieces, escape(text[at:end])])


def _found(text: str, query: Query) -> Iterator[tuple[int, int]]:
    """Where found words begin and end, in order."""
    if not query.wanted:
        return
    read = list(tokens(text))
    words = " ".join(token.word for token in read)
    for found in _pattern(query).finditer(words):
        first, last = (words.count(" ", 0, place) for place in found.span())
        yield read[first].start, read[last].end


@lru_cache
def _pattern(query: Query) -> re.Pattern[str]:
    """Finds the terms of a query, the longest first, among words with one space between them."""
    terms = sorted((term for group in query.wanted for term in group), key=lambda term: -len(term.words))
    found = (re.escape(" ".join(term.words)) + (r"\S*" if term.is_prefix else "") for term in terms)
    return re.compile(rf"(?<!\S)(?:{'|'.join(found)})(?!\S)")
